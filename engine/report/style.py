"""The report's style sheet: plain, and light or dark as the reader's system is."""

CSS = """
:root { color-scheme: light dark; --ink: #1f2428; --soft: #667079; --line: #d9dee2; --paper: #fff; --fill: #f4f6f7;
  --accent: #2f7d57; --bad: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8eb; --soft: #98a3ac; --line: #353d44; --paper: #16191c;
  --fill: #1f2428; --accent: #63bd91; --bad: #f08578; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: .85rem; }
img { display: block; max-width: 100%; height: auto; margin-top: 1rem; border-radius: .3rem; }
.soft, caption, th { color: var(--soft); }
.wide { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
caption { text-align: left; font-size: .85rem; padding-bottom: .2rem; }
thead th { font-weight: 600; font-size: .85rem; }
tbody th { font-weight: inherit; color: inherit; white-space: nowrap; }
td.number, th.number { text-align: right; padding: .35rem 1.3rem .35rem .7rem; }
td[style] { background: color-mix(in srgb, var(--accent) calc(55% * var(--share)), transparent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.2rem 0; }
.tile { background: var(--fill); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.35rem; line-height: 1.25; color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.charts svg { width: 100%; height: auto; }
.maps { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-end; }
.maps svg { max-width: 100%; height: auto; }
.raster { fill: var(--fill); stroke: var(--line); }
.training { fill: #3b82c4; background: #3b82c4; }
.validation { fill: #e07b39; background: #e07b39; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin: 0 .3em 0 .6em; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .4em;
  outline: 1px solid var(--line); }
.note { border-left: 3px solid var(--line); padding: .2rem 0 .2rem .8rem; margin: .5rem 0; }
.note.bad { border-color: var(--bad); }
pre { background: var(--fill); padding: .9rem; border-radius: .5rem; overflow: auto; font-size: .8rem; }
summary { cursor: pointer; color: var(--soft); }
"""
