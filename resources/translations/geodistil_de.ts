<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>GeoDistil</name>
    <message>
      <location filename="plugin.py" />
      <source>Train from boxes and areas…</source>
      <translation>Aus Boxen und Flächen trainieren…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Train from few areas and much imagery…</source>
      <translation>Aus wenigen Flächen und vielen Bilddaten trainieren…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Predict…</source>
      <translation>Vorhersagen…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Predict many rasters…</source>
      <translation>Viele Raster vorhersagen…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Evaluate…</source>
      <translation>Bewerten…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Distil a model…</source>
      <translation>Modell destillieren…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Class map to polygons…</source>
      <translation>Klassenkarte in Polygone umwandeln…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Fetch imagery…</source>
      <translation>Bilddaten holen…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Train a model…</source>
      <translation>Modell trainieren…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Label…</source>
      <translation>Labeln…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Models</source>
      <translation>Modelle</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Runs</source>
      <translation>Läufe</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Engine environment…</source>
      <translation>Umgebung der Engine…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Servers…</source>
      <translation>Server…</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Help</source>
      <translation>Hilfe</translation>
    </message>
    <message>
      <location filename="plugin.py" />
      <source>Turn on the Processing plugin in Plugins &gt; Manage and Install Plugins first.</source>
      <translation>Schalten Sie zuerst die Erweiterung Verarbeitung ein (Erweiterungen &gt; Erweiterungen verwalten und installieren).</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>ground sampling distance</source>
      <translation>Bodenauflösung</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>pseudo-labels</source>
      <translation>Pseudo-Labels</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>labelled area</source>
      <translation>gelabelte Gebiet</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>model package</source>
      <translation>Modellpaket</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>semi-supervised</source>
      <translation>halbüberwachten</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>run folder</source>
      <translation>Laufordner</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>class map</source>
      <translation>Klassenkarte</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>backend</source>
      <translation>Backend</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>background</source>
      <translation>Hintergrund</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>checkpoint</source>
      <translation>Zwischenstand</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>chips</source>
      <translation>Ausschnitte</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>encoder</source>
      <translation>Encoder</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>teachers</source>
      <translation>Lehrernetze</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>student</source>
      <translation>Schülernetz</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>auto: a graphics card where there is one, else the processor.</source>
      <translation>auto: eine Grafikkarte, wo es eine gibt, sonst der Prozessor.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Choose one that QGIS knows, or a package: its folder, its zip, the `item.json` inside, or the run folder that it was trained in.</source>
      <translation>Wählen Sie eines, das QGIS kennt, oder ein Paket: seinen Ordner, seine Zip-Datei, die `item.json` darin oder den Laufordner, in dem es trainiert wurde.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A raster of whole numbers, one a class: what Predict writes, or any other. 0 is background.</source>
      <translation>Ein Raster ganzer Zahlen, eine je Klasse: was Vorhersagen schreibt, oder ein anderes. 0 ist Hintergrund.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Wider places, such as squares, give no line.</source>
      <translation>Breitere Stellen, etwa Plätze, geben keine Linie.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Shorter lines that end in nothing on one side are left out.</source>
      <translation>Kürzere Linien, die auf einer Seite ins Nichts laufen, werden ausgelassen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Ends that point at each other are joined across gaps up to this length; 0 joins none.</source>
      <translation>Enden, die aufeinander zeigen, werden über Lücken bis zu dieser Länge verbunden; 0 verbindet keine.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Smaller areas are left out; in polygons their ground goes to a neighbour. 0 keeps all.</source>
      <translation>Kleinere Flächen werden ausgelassen; bei Polygonen geht ihr Gelände an einen Nachbarn. 0 behält alle.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Smaller holes in areas are closed; 0 closes none.</source>
      <translation>Kleinere Löcher in Flächen werden geschlossen; 0 schließt keine.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Shorter side branches, which ragged edges make, are cut off.</source>
      <translation>Kürzere Seitenäste, die von ausgefransten Rändern kommen, werden abgeschnitten.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>How far a simplified outline may be from the pixels' own; 0 keeps every corner of a pixel.</source>
      <translation>Wie weit ein vereinfachter Umriss von dem der Pixel abweichen darf; 0 behält jede Ecke eines Pixels.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Lines with the fields class, length_m and width_m.</source>
      <translation>Linien mit den Feldern class, length_m und width_m.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Polygons with the fields class, class_id, area_m2 and perimeter_m.</source>
      <translation>Polygone mit den Feldern class, class_id, area_m2 und perimeter_m.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A raster of class numbers, or polygons; each connected area of a class becomes one box.</source>
      <translation>Ein Raster von Klassennummern oder Polygone; jede zusammenhängende Fläche einer Klasse wird eine Box.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Polygons are painted on pixels of this size first, so that those that touch become one object.</source>
      <translation>Polygone werden zuerst auf Pixel dieser Größe gemalt, so dass sich berührende ein Objekt werden.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The boxes as polygons, with their class: labels for detection.</source>
      <translation>Die Boxen als Polygone mit ihrer Klasse: Labels für Detektion.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Aerial or satellite imagery on which single objects are labelled.</source>
      <translation>Luft- oder Satellitenbilder, auf denen einzelne Objekte gelabelt sind.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>One feature an object: polygons, of which the extents count, or points with a box size.</source>
      <translation>Ein Feature je Objekt: Polygone, deren Ausdehnung zählt, oder Punkte mit einer Boxgröße.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>For labels that are points: how large an object is on the ground.</source>
      <translation>Für Labels, die Punkte sind: wie groß ein Objekt am Boden ist.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Aerial or satellite imagery on which areas are labelled.</source>
      <translation>Luft- oder Satellitenbilder, auf denen Flächen gelabelt sind.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Polygons of the areas of each class, or a raster of class numbers.</source>
      <translation>Polygone der Flächen jeder Klasse oder ein Raster von Klassennummern.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Imagery without labels, from which a network learns what the labels do not show.</source>
      <translation>Bilddaten ohne Labels, aus denen ein Netz lernt, was die Labels nicht zeigen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Side of the square pieces of imagery that a network sees at once; a multiple of 32.</source>
      <translation>Seite der quadratischen Bildstücke, die ein Netz auf einmal sieht; ein Vielfaches von 32.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Its answers are what the smaller network learns: a folder, a zip, or the `item.json` inside.</source>
      <translation>Seine Antworten lernt das kleinere Netz: ein Ordner, eine Zip-Datei oder die `item.json` darin.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>What the model, its folder and its maps are called.</source>
      <translation>Wie das Modell, sein Ordner und seine Karten heißen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>All stages together. More is better up to a few hours; the best weights until then are kept.</source>
      <translation>Alle Stufen zusammen. Bis zu einigen Stunden ist mehr besser; die besten Gewichte bis dahin werden behalten.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Passes over the labelled area, all stages together. Empty: minutes count.</source>
      <translation>Durchgänge durch das gelabelte Gebiet, alle Stufen zusammen. Leer: die Minuten zählen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Steps of the optimiser, all stages together, for runs that can be repeated. Empty: minutes count.</source>
      <translation>Schritte des Optimierers, alle Stufen zusammen, für Läufe, die sich wiederholen lassen. Leer: die Minuten zählen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The network that is kept. Larger ones find more, and take longer in training and on the map.</source>
      <translation>Das Netz, das bleibt. Größere finden mehr und brauchen länger, im Training und auf der Karte.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Networks that only teach; larger than the student, for they are thrown away in the end.</source>
      <translation>Netze, die nur lehren; größer als das Schülernetz, denn am Ende werden sie weggeworfen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Larger ones find more, and take longer in training and on the map.</source>
      <translation>Größere finden mehr und brauchen länger, im Training und auf der Karte.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Pieces of imagery in a step. Lower it where memory runs out.</source>
      <translation>Bildstücke in einem Schritt. Verringern Sie die Zahl, wo der Speicher nicht reicht.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The same seed and settings give the same run again, as far as the device computes alike.</source>
      <translation>Derselbe Seed und dieselben Einstellungen geben denselben Lauf noch einmal, soweit das Gerät gleich rechnet.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A class map or detections that the model below has made.</source>
      <translation>Eine Klassenkarte oder Detektionen, die das Modell unten gemacht hat.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>All scores as JSON, for other programs.</source>
      <translation>Alle Scores als JSON, für andere Programme.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>What was found, what was found wrongly and what was missed, as polygons.</source>
      <translation>Was gefunden, was falsch gefunden und was übersehen wurde, als Polygone.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Right and wrong pixels, and what they were taken for, as a raster.</source>
      <translation>Richtige und falsche Pixel, und wofür sie gehalten wurden, als Raster.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>One file to send to others; it holds no code.</source>
      <translation>Eine Datei zum Weitergeben; sie enthält keinen Programmcode.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>As QGIS shows it on the map; its connection has the login.</source>
      <translation>So, wie QGIS ihn auf der Karte zeigt; seine Verbindung enthält die Anmeldung.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A GeoTIFF with colours and alpha, in the service's CRS, with who is to be named.</source>
      <translation>Ein GeoTIFF mit Farben und Alpha, im KBS des Dienstes, mit der Angabe, wer zu nennen ist.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Any CRS and pixel size: it is read at the ground sampling distance that the model was trained at.</source>
      <translation>Beliebiges KBS und beliebige Pixelgröße: gelesen wird mit der Bodenauflösung, mit der das Modell trainiert wurde.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The probability of the class that was chosen, pixel by pixel.</source>
      <translation>Die Wahrscheinlichkeit der gewählten Klasse, Pixel für Pixel.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Layers; a folder below adds all of its rasters.</source>
      <translation>Layer; ein Ordner unten fügt alle seine Raster hinzu.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Results of all rasters; run again with the same settings, a cancelled job goes on there.</source>
      <translation>Ergebnisse aller Raster; mit denselben Einstellungen noch einmal gestartet, geht ein abgebrochener Auftrag dort weiter.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The best so many, by rank.</source>
      <translation>So viele der besten, nach Rang.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Square cells with their ranks, the stronger the colour the sooner.</source>
      <translation>Quadratische Zellen mit ihren Rängen, je kräftiger die Farbe, desto eher.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Areas or boxes of which the model is sure, to be looked at before they are trusted.</source>
      <translation>Flächen oder Boxen, deren das Modell sicher ist; anzusehen, bevor man ihnen traut.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>What a regression computes, pixel by pixel.</source>
      <translation>Was eine Regression berechnet, Pixel für Pixel.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Boxes with class and score.</source>
      <translation>Boxen mit Klasse und Score.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Numbers of classes with their names and colours; 0 is background, 255 is no-data.</source>
      <translation>Nummern der Klassen mit ihren Namen und Farben; 0 ist Hintergrund, 255 ohne Daten.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A page with all that was found, mistakes and warnings first.</source>
      <translation>Eine Seite mit allem, was gefunden wurde, Fehler und Warnungen zuerst.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>The same for other programs.</source>
      <translation>Dasselbe für andere Programme.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>What a person has drawn, on ground that the model was not trained on.</source>
      <translation>Was ein Mensch gezeichnet hat, auf Gelände, auf dem das Modell nicht trainiert wurde.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>A page with the scores, by class.</source>
      <translation>Eine Seite mit den Scores, je Klasse.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Exchange</source>
      <translation>Austausch</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Files may reach other folders and the network</source>
      <translation>Dateien dürfen auf andere Ordner und das Netz zugreifen</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Otherwise a file, such as the description of a service or a list of tiles, reaches only what lies beside it. For files that you trust.</source>
      <translation>Sonst erreicht eine Datei, etwa die Beschreibung eines Dienstes oder eine Liste von Kacheln, nur, was neben ihr liegt. Für Dateien, denen Sie vertrauen.</translation>
    </message>
    <message>
      <location filename="toolbox/base.py" />
      <source>Train</source>
      <translation>Training</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Check sources</source>
      <translation>Quellen prüfen</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Says what a training would find wrong with imagery and labels, and what is in them.</source>
      <translation>Sagt, was ein Training an Bilddaten und Labels zu beanstanden hätte und was in ihnen steckt.</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Opens every raster and label layer as a training would: coordinate reference systems, bands, resolution, labelled areas, class values. The labelled area is divided into training and validation blocks, labels are counted by class, and band statistics are taken.

Mistakes end it with one sentence that says what to do. Warnings, such as a class without labels in the validation blocks, are in the log, in the page and in the JSON file.</source>
      <translation>Öffnet alle Raster und Label-Layer, wie ein Training es täte: Koordinatenbezugssysteme, Kanäle, Auflösung, gelabelte Gebiete, Klassenwerte. Das gelabelte Gebiet wird in Trainings- und Validierungsblöcke geteilt, Labels werden je Klasse gezählt und die Statistik der Kanäle berechnet.

Fehler beenden die Prüfung mit einem Satz, der sagt, was zu tun ist. Warnungen, etwa eine Klasse ohne Labels in den Validierungsblöcken, stehen im Protokoll, auf der Seite und in der JSON-Datei.</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Chip size (pixels)</source>
      <translation>Größe der Ausschnitte (Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Findings</source>
      <translation>Befunde</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>HTML files (*.html)</source>
      <translation>HTML-Dateien (*.html)</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Findings as JSON</source>
      <translation>Befunde als JSON</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>JSON files (*.json)</source>
      <translation>JSON-Dateien (*.json)</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Number of warnings</source>
      <translation>Anzahl der Warnungen</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Number of labels (of class rasters, pixels)</source>
      <translation>Anzahl der Labels (bei Klassenrastern Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/checksources.py" />
      <source>Sources</source>
      <translation>Quellen</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Convert</source>
      <translation>Umwandlung</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Output</source>
      <translation>Ausgabe</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Number of features</source>
      <translation>Anzahl der Objekte</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Greatest width (metres)</source>
      <translation>Größte Breite (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Least length of a line with a free end (metres)</source>
      <translation>Kleinste Länge einer Linie mit freiem Ende (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Largest gap to bridge (metres)</source>
      <translation>Größte Lücke, die überbrückt wird (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Smallest area (square metres)</source>
      <translation>Kleinste Fläche (Quadratmeter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Largest hole to fill (square metres)</source>
      <translation>Größtes Loch, das gefüllt wird (Quadratmeter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Least length of a branch (metres)</source>
      <translation>Kleinste Länge eines Zweigs (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Tolerance of simplification (metres)</source>
      <translation>Toleranz der Vereinfachung (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Class map to centre lines</source>
      <translation>Klassenkarte in Mittellinien umwandeln</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Centre lines of a class's thin areas, for example roads, with their width.</source>
      <translation>Mittellinien der schmalen Flächen einer Klasse, zum Beispiel Straßen, mit ihrer Breite.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Turns the thin areas of one class of a class map, for example roads or ditches, into centre lines with the fields length_m and width_m, strip by strip, so that large maps fit into memory. Lengths are of the ground, whatever the CRS.

Places wider than the greatest width give no line. Short branches are cut off, gaps between ends that point at each other can be bridged, and lines are simplified and smoothed.</source>
      <translation>Macht aus den schmalen Flächen einer Klasse einer Klassenkarte, zum Beispiel Straßen oder Gräben, Mittellinien mit den Feldern length_m und width_m; streifenweise, so dass auch große Karten in den Speicher passen. Längen gelten am Boden, in jedem KBS.

Stellen, die breiter sind als die größte Breite, ergeben keine Linie. Kurze Zweige werden abgeschnitten, Lücken zwischen Enden, die aufeinander zeigen, lassen sich überbrücken, und die Linien werden vereinfacht und geglättet.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Centre lines</source>
      <translation>Mittellinien</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Class map</source>
      <translation>Klassenkarte</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Class</source>
      <translation>Klasse</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Its name in the layer's legend, or its value.</source>
      <translation>Ihr Name in der Legende des Layers, oder ihr Wert.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Class map to polygons</source>
      <translation>Klassenkarte in Polygone umwandeln</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Polygons of a class map's areas, cleaned, simplified without gaps, right-angled where asked.</source>
      <translation>Polygone der Flächen einer Klassenkarte: bereinigt, ohne Lücken vereinfacht, auf Wunsch rechtwinklig.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Turns a class map into polygons with the fields class, class_id, area_m2 and perimeter_m, strip by strip, so that large maps fit into memory. Areas and lengths are of the ground, whatever the CRS.

Small areas go to the neighbour with the longest border. Simplified borders stay shared: there are no gaps and no overlaps. Right angles suit buildings; such polygons stand alone and may overlap their neighbours.

Classes have the names of the layer's legend.</source>
      <translation>Macht aus einer Klassenkarte Polygone mit den Feldern class, class_id, area_m2 und perimeter_m; streifenweise, so dass auch große Karten in den Speicher passen. Flächen und Längen gelten am Boden, in jedem KBS.

Kleine Flächen gehen an den Nachbarn mit der längsten Grenze. Gemeinsame Grenzen bleiben beim Vereinfachen gemeinsam: Es entstehen weder Lücken noch Überlappungen. Rechte Winkel passen zu Gebäuden; solche Polygone stehen für sich und dürfen ihre Nachbarn überlappen.

Die Klassen heißen wie in der Legende des Layers.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Polygons</source>
      <translation>Polygone</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Classes</source>
      <translation>Klassen</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Names or values with commas between them; empty: all but the background.</source>
      <translation>Namen oder Werte, durch Kommas getrennt; leer: alle außer dem Hintergrund.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Classes to give right angles</source>
      <translation>Klassen, die rechtwinklig werden</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Names or values with commas between them, for example buildings.</source>
      <translation>Namen oder Werte, durch Kommas getrennt, zum Beispiel Gebäude.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Confidence of the class map</source>
      <translation>Konfidenz der Klassenkarte</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Percent, as Predict writes it: gives each polygon its mean.</source>
      <translation>Prozent, wie Vorhersagen sie schreibt: Jedes Polygon erhält seinen Mittelwert.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Boxes from areas</source>
      <translation>Boxen aus Flächen</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Boxes around the connected areas of each class, to train detection from segmentation labels.</source>
      <translation>Boxen um die zusammenhängenden Flächen jeder Klasse, um aus Labels der Segmentierung Detektion zu trainieren.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Gives each connected area of a class its box, the way the ISPRS sets get theirs in arXiv 2405.15394: pixels that touch at a side or a corner are one object, objects below the smallest size are dropped unless all of their class are, and the box is the extent.

The areas are a class raster, where 0 is background, or polygons. Polygons are painted on pixels first, so that neighbours of the same class become one object.

Objects that thin bridges join can be parted: the opening cuts what is thinner than 2 n + 1 pixels.</source>
      <translation>Gibt jeder zusammenhängenden Fläche einer Klasse ihre Box, so wie die ISPRS-Datensätze ihre in arXiv 2405.15394 erhalten: Pixel, die sich an einer Seite oder Ecke berühren, sind ein Objekt; Objekte unter der kleinsten Größe entfallen, außer wenn alle ihrer Klasse kleiner sind; die Box ist die Ausdehnung.

Die Flächen sind ein Klassenraster, in dem 0 Hintergrund ist, oder Polygone. Polygone werden zuerst auf Pixel gemalt, so dass Nachbarn derselben Klasse ein Objekt werden.

Objekte, die dünne Brücken verbinden, lassen sich trennen: Die Öffnung schneidet weg, was dünner ist als 2 n + 1 Pixel.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Boxes</source>
      <translation>Boxen</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Areas (class raster or polygons)</source>
      <translation>Flächen (Klassenraster oder Polygone)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Polygons: class field</source>
      <translation>Polygone: Klassenfeld</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Empty: all polygons are of one class, named as the layer.</source>
      <translation>Leer: Alle Polygone gehören zu einer Klasse, die wie der Layer heißt.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Polygons: size of a pixel (metres)</source>
      <translation>Polygone: Pixelgröße (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Smallest object (pixels)</source>
      <translation>Kleinstes Objekt (Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>A class of which all objects are smaller keeps them all.</source>
      <translation>Eine Klasse, deren Objekte alle kleiner sind, behält sie alle.</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>Opening (pixels)</source>
      <translation>Öffnung (Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/conversions.py" />
      <source>n cuts bridges thinner than 2 n + 1 pixels, and drops what is thinner; 0 changes nothing.</source>
      <translation>n trennt Brücken, die dünner sind als 2 n + 1 Pixel, und entfernt, was dünner ist; 0 ändert nichts.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Mean IoU (class maps)</source>
      <translation>Mittlerer IoU (Klassenkarten)</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>AP50 (detections)</source>
      <translation>AP50 (Detektionen)</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>AP (detections)</source>
      <translation>AP (Detektionen)</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>F1 of centre lines</source>
      <translation>F1 der Mittellinien</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Connectivity of centre lines</source>
      <translation>Zusammenhang der Mittellinien</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Evaluate</source>
      <translation>Bewerten</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Scores a class map (IoU, F1) or detections (AP, AP50) against a label layer.</source>
      <translation>Bewertet eine Klassenkarte (IoU, F1) oder Detektionen (AP, AP50) an einem Label-Layer.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Compares a class map or detections made by Predict with a label layer. Class maps are scored by IoU and F1 of each class and mean IoU, detections by AP and AP50.

The model says what the values of the class map mean; label values are matched with its class names.

Error layers show where the predictions are right and wrong: hits, false positives and missed objects of detections at the model's score thresholds, or the kind of error of each pixel of a class map.

Only ground inside the labelled area counts. Use an area that the model was not trained on.</source>
      <translation>Vergleicht eine Klassenkarte oder Detektionen, die Vorhersagen erzeugt hat, mit einem Label-Layer. Klassenkarten werden mit IoU und F1 jeder Klasse und dem mittleren IoU bewertet, Detektionen mit AP und AP50.

Das Modell sagt, was die Werte der Klassenkarte bedeuten; Labelwerte werden seinen Klassennamen zugeordnet.

Fehlerlayer zeigen, wo die Vorhersagen richtig und falsch sind: Treffer, falsch Positive und verpasste Objekte der Detektionen bei den Schwellenwerten des Modells, oder die Art des Fehlers jedes Pixels einer Klassenkarte.

Nur Gelände im gelabelten Gebiet zählt. Nehmen Sie ein Gebiet, auf dem das Modell nicht trainiert wurde.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Map</source>
      <translation>Kartierung</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Predictions (class map or detections)</source>
      <translation>Vorhersagen (Klassenkarte oder Detektionen)</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Labels</source>
      <translation>Labels</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Class field</source>
      <translation>Klassenfeld</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Empty: all labels are of the model's first class.</source>
      <translation>Leer: Alle Labels gehören zur ersten Klasse des Modells.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Labelled area</source>
      <translation>Gelabeltes Gebiet</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Only ground inside it counts. Empty: the whole of the predictions.</source>
      <translation>Nur Gelände darin zählt. Leer: die ganzen Vorhersagen.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Label layers: selected features only</source>
      <translation>Label-Layer: nur gewählte Objekte</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Label and area layers without a selection are used whole. Layer filters always apply.</source>
      <translation>Label- und Gebietslayer ohne Auswahl werden ganz verwendet. Layerfilter gelten immer.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Class that is made of lines</source>
      <translation>Klasse, die aus Linien besteht</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>For example road: its centre lines are scored, too, by how many are found within three metres and whether they are still connected. A gap that no IoU shows cuts a road.</source>
      <translation>Zum Beispiel road: Auch ihre Mittellinien werden bewertet, danach, wie viele innerhalb von drei Metern gefunden werden und ob sie noch zusammenhängen. Eine Lücke, die keine IoU zeigt, zerschneidet eine Straße.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>The model {name} has no {task}, so it did not make these predictions.</source>
      <translation>Das Modell {name} hat keine {task}; diese Vorhersagen sind nicht von ihm.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>The model {name} has no class {lines} of areas; it has {classes}.</source>
      <translation>Das Modell {name} hat keine Flächenklasse {lines}; es hat {classes}.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Detections are scored against a vector layer; choose one as labels.</source>
      <translation>Detektionen werden an einem Vektorlayer bewertet; wählen Sie einen als Labels.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>{predictions_name}: errors</source>
      <translation>{predictions_name}: Fehler</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Scores</source>
      <translation>Gütemaße</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>The predictions are of {compared}: {name} is left out.</source>
      <translation>Die Vorhersagen sind {compared}: {name} entfällt.</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Table of scores</source>
      <translation>Tabelle der Gütemaße</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Errors of detections</source>
      <translation>Fehler der Detektionen</translation>
    </message>
    <message>
      <location filename="toolbox/evaluate.py" />
      <source>Errors of a class map</source>
      <translation>Fehler einer Klassenkarte</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>COCO (one JSON file)</source>
      <translation>COCO (eine JSON-Datei)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>YOLO (text files)</source>
      <translation>YOLO (Textdateien)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Pascal VOC (XML files, boxes only)</source>
      <translation>Pascal VOC (XML-Dateien, nur Boxen)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Masks (pictures of classes, areas only)</source>
      <translation>Masken (Bilder von Klassen, nur Flächen)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>GeoTIFF</source>
      <translation>GeoTIFF</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>PNG with a world file</source>
      <translation>PNG mit World-Datei</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Export chips with labels</source>
      <translation>Ausschnitte mit Labels exportieren</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Cuts imagery and labels into chips for other programs: COCO, YOLO, Pascal VOC, masks.</source>
      <translation>Schneidet Bilddaten und Labels in Ausschnitte für andere Programme: COCO, YOLO, Pascal VOC, Masken.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Cuts the labelled area into square pieces of imagery (chips) and writes them with their labels as other programs read them: annotation tools such as CVAT, or trainings outside of QGIS. Each chip lies on the map where it was cut, so that `Import labels` brings the labels back, corrected or drawn anew.

Give boxes or areas, not both. Pixels of which no labels are known are blank, and 255 in masks: ground without a label means background to most programs. Objects that a chip's side cuts are in both chips.</source>
      <translation>Schneidet das gelabelte Gebiet in quadratische Stücke der Bilddaten (Ausschnitte) und schreibt sie mit ihren Labels so, wie andere Programme sie lesen: Annotationswerkzeuge wie CVAT oder Trainings außerhalb von QGIS. Jeder Ausschnitt liegt auf der Karte, wo er geschnitten wurde, so dass `Labels importieren` die Labels zurückbringt, berichtigt oder neu gezeichnet.

Geben Sie Boxen oder Flächen an, nicht beides. Pixel, von denen keine Labels bekannt sind, sind leer, in Masken 255: Gelände ohne Label ist für die meisten Programme Hintergrund. Objekte, die der Rand eines Ausschnitts zerschneidet, sind in beiden Ausschnitten.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Format</source>
      <translation>Format</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>COCO and YOLO have boxes and areas; Pascal VOC has boxes only, masks have areas only.</source>
      <translation>COCO und YOLO haben Boxen und Flächen; Pascal VOC hat nur Boxen, Masken haben nur Flächen.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Images</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>A PNG holds 1 or 3 bands of 8 or 16 bits; a GeoTIFF holds any, and says what is not labelled.</source>
      <translation>Ein PNG hat 1 oder 3 Kanäle mit 8 oder 16 Bit; ein GeoTIFF hat beliebige und sagt, was nicht gelabelt ist.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Side of a chip (pixels)</source>
      <translation>Seite eines Ausschnitts (Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Chips at the end of the labelled area overlap their neighbours, so that all are of this size.</source>
      <translation>Ausschnitte am Ende des gelabelten Gebiets überlappen ihre Nachbarn, damit alle gleich groß sind.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Overlap (pixels)</source>
      <translation>Überlappung (Pixel)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>What neighbouring chips share: as much as an object is large, and each object is whole in one.</source>
      <translation>Was benachbarte Ausschnitte gemeinsam haben: so viel, wie ein Objekt groß ist, und jedes Objekt ist in einem ganz.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Chips without labels too</source>
      <translation>Auch Ausschnitte ohne Labels</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>They show what is background.</source>
      <translation>Sie zeigen, was Hintergrund ist.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Least share of a box (percent)</source>
      <translation>Kleinster Anteil einer Box (Prozent)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>A piece of a box at a chip's side that shows less of it is left out, and its pixels are blank.</source>
      <translation>Ein Stück einer Box am Rand eines Ausschnitts, das weniger von ihr zeigt, wird ausgelassen, und seine Pixel sind leer.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Folder of chips</source>
      <translation>Ordner der Ausschnitte</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>A new or an empty folder.</source>
      <translation>Ein neuer oder ein leerer Ordner.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Number of chips</source>
      <translation>Anzahl der Ausschnitte</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Give boxes or areas, not both: each task has chips of its own.</source>
      <translation>Geben Sie Boxen oder Flächen an, nicht beides: jede Aufgabe hat eigene Ausschnitte.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>{format} has no room for these labels: choose COCO or YOLO.</source>
      <translation>{format} hat keinen Platz für diese Labels: wählen Sie COCO oder YOLO.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>The overlap must be smaller than a chip.</source>
      <translation>Die Überlappung muss kleiner sein als ein Ausschnitt.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>{count} chips in {folder}.</source>
      <translation>{count} Ausschnitte in {folder}.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>As the files are</source>
      <translation>Wie die Dateien sind</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Objects (detection)</source>
      <translation>Objekte (Detektion)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Areas (segmentation)</source>
      <translation>Flächen (Segmentierung)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Annotations (*.json *.xml *.yaml *.txt *.png *.tif);;All files (*)</source>
      <translation>Annotationen (*.json *.xml *.yaml *.txt *.png *.tif);;Alle Dateien (*)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Import labels</source>
      <translation>Labels importieren</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Turns COCO, YOLO, Pascal VOC annotations or masks of images into a label layer on the map.</source>
      <translation>Macht aus COCO-, YOLO-, Pascal-VOC-Annotationen oder Masken von Bildern einen Label-Layer auf der Karte.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Reads what other programs know of images (boxes, outlines, masks) and puts it where the images lie on the map, as a label layer that the wizard, the labelling dock and the trainings take. Chips of `Export chips with labels` come back so, and so does any annotated image with a georeference: a GeoTIFF, or a picture with a world file.

Images without a georeference need the raster that they show: of the same name, or the only one, also at another size. What the images' borders cut up becomes whole again; what several images show comes once.</source>
      <translation>Liest, was andere Programme von Bildern wissen (Boxen, Umrisse, Masken), und legt es dorthin, wo die Bilder auf der Karte liegen: als Label-Layer, den der Assistent, das Label-Fenster und die Trainings nehmen. Ausschnitte von `Ausschnitte mit Labels exportieren` kommen so zurück, und ebenso jedes annotierte Bild mit Georeferenz: ein GeoTIFF oder ein Bild mit World-Datei.

Bilder ohne Georeferenz brauchen das Raster, das sie zeigen: das desselben Namens oder das einzige, auch in anderer Größe. Was Bildränder zerschneiden, wird wieder ganz; was mehrere Bilder zeigen, kommt einmal.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Annotations</source>
      <translation>Annotationen</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>The JSON file of COCO; of YOLO, Pascal VOC and masks any of their files, or the folder's name: all files of the folder are read.</source>
      <translation>Die JSON-Datei von COCO; von YOLO, Pascal VOC und Masken irgendeine ihrer Dateien oder der Name des Ordners: alle Dateien des Ordners werden gelesen.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>As the files are: told by their names and what is in them.</source>
      <translation>Wie die Dateien sind: an ihren Namen und ihrem Inhalt erkannt.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>What labels are</source>
      <translation>Was Labels sind</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Objects stay apart where they touch; areas of a class that touch become one.</source>
      <translation>Objekte bleiben getrennt, wo sie sich berühren; Flächen einer Klasse, die sich berühren, werden eine.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Folder of images</source>
      <translation>Ordner der Bilder</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Empty: beside the annotations, or in a folder `images` there.</source>
      <translation>Leer: neben den Annotationen oder in einem Ordner `images` dort.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Rasters that the images show</source>
      <translation>Raster, die die Bilder zeigen</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Only for images without a georeference: by name, or the only one.</source>
      <translation>Nur für Bilder ohne Georeferenz: nach dem Namen oder das einzige.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Coordinate reference system of the images</source>
      <translation>Koordinatenbezugssystem der Bilder</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Only for images with a world file alone, which does not say it.</source>
      <translation>Nur für Bilder, die allein eine World-Datei haben, denn die sagt es nicht.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Class names (number=name, between commas)</source>
      <translation>Klassennamen (Nummer=Name, durch Kommas getrennt)</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>For annotations that only number their classes, for example 0=car, 1=bus.</source>
      <translation>Für Annotationen, die ihre Klassen nur nummerieren, zum Beispiel 0=Auto, 1=Bus.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Leave pieces apart</source>
      <translation>Stücke getrennt lassen</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Objects and areas that the images' borders cut stay in pieces, and what several show stays twice.</source>
      <translation>Objekte und Flächen, die Bildränder zerschneiden, bleiben in Stücken, und was mehrere Bilder zeigen, bleibt doppelt.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Polygons with the field `class`.</source>
      <translation>Polygone mit dem Feld `class`.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>The ground of the images: a training must know it where they do not cover the whole raster.</source>
      <translation>Das Gelände der Bilder: ein Training muss es wissen, wo sie nicht das ganze Raster bedecken.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Class raster</source>
      <translation>Klassenraster</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>The same as pixels: 0 is background, classes from 1 on, 255 is ground without images.</source>
      <translation>Dasselbe als Pixel: 0 ist Hintergrund, Klassen ab 1, 255 ist Gelände ohne Bilder.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Number of labels</source>
      <translation>Anzahl der Labels</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>{count} labels of {classes}.</source>
      <translation>{count} Labels von {classes}.</translation>
    </message>
    <message>
      <location filename="toolbox/exchange.py" />
      <source>Made of</source>
      <translation>Erstellt aus</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Export model</source>
      <translation>Modell exportieren</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Checks a model package and writes it as one zip, to be sent to others.</source>
      <translation>Prüft ein Modellpaket und schreibt es als eine Zip-Datei, zum Weitergeben.</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Loads a model package, which checks that its weights fit its description, and writes it as one zip. Predict, Evaluate and the engine's command line read the zip as it is.

The package is the folder `model` of a run folder, or the `item.json` inside. It holds the weights, ONNX files that other software reads, a STAC item that describes the model, the report and a preview; nothing in it is code.</source>
      <translation>Lädt ein Modellpaket, wobei geprüft wird, ob seine Gewichte zu seiner Beschreibung passen, und schreibt es als eine Zip-Datei. Vorhersagen, Bewerten und die Kommandozeile der Engine lesen sie so, wie sie ist.

Das Paket ist der Ordner `model` eines Laufordners, oder `item.json` darin. Es enthält die Gewichte, ONNX-Dateien, die andere Software liest, ein STAC-Item, das das Modell beschreibt, den Bericht und eine Vorschau; nichts darin ist Programmcode.</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>The folder `model` of a run folder.</source>
      <translation>Der Ordner `model` eines Laufordners.</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>ONNX files in 8 bits</source>
      <translation>ONNX-Dateien in 8 Bit</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Up to twice as fast on a CPU. What would lower a score by more than 0.005 stays as it is.</source>
      <translation>Auf einer CPU bis zu doppelt so schnell. Was ein Gütemaß um mehr als 0,005 senken würde, bleibt, wie es ist.</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Imagery for 8 bits</source>
      <translation>Bilddaten für 8 Bit</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Rasters like those that the model was trained on. None takes those of its run.</source>
      <translation>Raster wie die, mit denen das Modell trainiert wurde. Ohne Angabe werden die seines Laufs genommen.</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Archive</source>
      <translation>Archiv</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Zip archives (*.zip)</source>
      <translation>Zip-Archive (*.zip)</translation>
    </message>
    <message>
      <location filename="toolbox/exportmodel.py" />
      <source>Choose imagery for 8 bits: this model does not lie in the folder of its run.</source>
      <translation>Wählen Sie Bilddaten für 8 Bit: Dieses Modell liegt nicht im Ordner seines Laufs.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Fetch imagery</source>
      <translation>Bilddaten holen</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Saves a part of an XYZ, WMTS or WMS layer as a GeoTIFF.</source>
      <translation>Speichert einen Teil eines XYZ-, WMTS- oder WMS-Layers als GeoTIFF.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Fetches a part of a web service's imagery into a GeoTIFF that models can be trained with and that they can predict. Pixels are as the service has them, in its CRS: tiles are not resampled, and ground without imagery is transparent.

The service is asked for two pictures at a time, again after a while where it is busy, and no more where it says no. What has come is kept for 30 days: after a cancel or a broken connection the same fetch goes on where it was. Proxy, certificates and logins are those of QGIS.

Whether imagery may be fetched, and learned from, is for the service's terms of use to say; many map tiles must not be fetched in bulk. Who is to be named is kept in the file's tags and metadata.</source>
      <translation>Holt einen Teil der Bilddaten eines Webdienstes in ein GeoTIFF, mit dem sich Modelle trainieren lassen und das sie vorhersagen können. Die Pixel sind so, wie der Dienst sie hat, in seinem KBS: Kacheln werden nicht umgerechnet, und Gelände ohne Bilddaten ist durchsichtig.

Der Dienst wird nach zwei Bildern zugleich gefragt, nach einer Weile noch einmal, wo er beschäftigt ist, und nicht mehr, wo er nein sagt. Was gekommen ist, bleibt 30 Tage: Nach einem Abbruch oder einer unterbrochenen Verbindung geht es dort weiter, wo es war. Proxy, Zertifikate und Anmeldungen sind die von QGIS.

Ob Bilddaten geholt werden dürfen und ob aus ihnen gelernt werden darf, sagen die Nutzungsbedingungen des Dienstes; viele Kartenkacheln dürfen nicht in Mengen geholt werden. Wer zu nennen ist, bleibt in den Tags und Metadaten der Datei.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Layer of a web service</source>
      <translation>Layer eines Webdienstes</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Extent</source>
      <translation>Ausdehnung</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>The part that is fetched; whole pixels that cover it.</source>
      <translation>Der Teil, der geholt wird; ganze Pixel, die ihn bedecken.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Pixel size on the ground (metres)</source>
      <translation>Pixelgröße am Boden (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Of XYZ and WMTS the nearest zoom level that is as fine is taken. Empty: the finest that the service has; a WMS needs a number.</source>
      <translation>Bei XYZ und WMTS wird die nächste Zoomstufe genommen, die so fein ist. Leer: die feinste, die der Dienst hat; ein WMS braucht eine Zahl.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Fetch more than 2,048 tiles</source>
      <translation>Mehr als 2.048 Kacheln holen</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>More takes long and is much to ask of a service. Over 32,768 tiles are never fetched at once.</source>
      <translation>Mehr dauert lange und ist viel verlangt von einem Dienst. Über 32.768 Kacheln werden nie auf einmal geholt.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Imagery</source>
      <translation>Bilddaten</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Number of tiles</source>
      <translation>Anzahl der Kacheln</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Pixel size on the ground</source>
      <translation>Pixelgröße am Boden</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Tiles: {count}, of which {asked} were asked for now and {absent} are ground without imagery.</source>
      <translation>Kacheln: {count}, von denen {asked} jetzt angefragt wurden und {absent} Gelände ohne Bilddaten sind.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>Choose a smaller extent or larger pixels, or turn on Fetch more than 2,048 tiles.</source>
      <translation>Wählen Sie eine kleinere Ausdehnung oder größere Pixel, oder schalten Sie Mehr als 2.048 Kacheln holen ein.</translation>
    </message>
    <message>
      <location filename="toolbox/fetchimagery.py" />
      <source>{layer} (fetched)</source>
      <translation>{layer} (geholt)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Model package (folder, zip, or item.json)</source>
      <translation>Modellpaket (Ordner, Zip oder item.json)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Model package (item.json *.zip);;All files (*)</source>
      <translation>Modellpaket (item.json *.zip);;Alle Dateien (*)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Model (package folder, zip, item.json, or ONNX file)</source>
      <translation>Modell (Ordner des Pakets, Zip, item.json oder ONNX-Datei)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Detection: labels (polygons or points)</source>
      <translation>Detektion: Labels (Polygone oder Punkte)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Segmentation: labels (polygons or class raster)</source>
      <translation>Segmentierung: Labels (Polygone oder Klassenraster)</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>{word}: imagery</source>
      <translation>{word}: Bilddaten</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>{word}: class field</source>
      <translation>{word}: Klassenfeld</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Empty: all labels are of one class, named as the layer. Features without a value count nowhere. Not used with class rasters: there, 0 is background.</source>
      <translation>Leer: Alle Labels gehören zu einer Klasse, die wie der Layer heißt. Objekte ohne Wert zählen nirgends. Für Klassenraster ohne Bedeutung: Dort ist 0 Hintergrund.</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>{word}: labelled area</source>
      <translation>{word}: gelabeltes Gebiet</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Inside it, ground without a label is background; outside it nothing counts. Empty: the whole imagery.</source>
      <translation>Innerhalb ist Gelände ohne Label Hintergrund; außerhalb zählt nichts. Leer: die ganzen Bilddaten.</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>The detection labels {labels} are points: give the side of the box around a point.</source>
      <translation>Die Labels {labels} der Detektion sind Punkte: Geben Sie die Kantenlänge der Box um einen Punkt an.</translation>
    </message>
    <message>
      <location filename="toolbox/parameters.py" />
      <source>Detection: side of the box around a point (metres)</source>
      <translation>Detektion: Kantenlänge der Box um einen Punkt (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Predict</source>
      <translation>Vorhersagen</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Maps classes, objects or values of a raster with a trained model.</source>
      <translation>Kartiert mit einem trainierten Modell Klassen, Objekte oder Werte eines Rasters.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Applies a model to a raster, window by window, in memory that does not grow with the raster: to all of it, or inside polygons or an extent only.

The model is the folder `model` of a run folder, the same as a zip, the `item.json` inside, or an ONNX file of another program. What such a file does not say of itself is asked when you choose it; for scripts, `python -m engine inspect MODEL.onnx` lists it, and a file MODEL.json beside it gives it. The raster may have any CRS and pixel size: it is resampled to the model's ground sampling distance on reading. Of a layer of a web service (XYZ, WMTS, WMS) the extent, or the ground of the polygons, is fetched first.

The class map has background 0, the first class 1 and so on, and no-data 255. Detections are polygons with the fields class and score. Values are what a regression returns, in its own units. Outputs that the model has no task for are left out.</source>
      <translation>Wendet ein Modell auf ein Raster an, Fenster für Fenster und mit Arbeitsspeicher, der nicht mit dem Raster wächst: auf das ganze oder nur innerhalb von Polygonen oder einer Ausdehnung.

Das Modell ist der Ordner `model` eines Laufordners, dasselbe als Zip, die `item.json` darin oder eine ONNX-Datei eines anderen Programms. Was eine solche Datei nicht selbst sagt, wird gefragt, wenn Sie sie wählen; für Skripte zählt `python -m engine inspect MODEL.onnx` es auf, und eine Datei MODEL.json daneben gibt es an. Das Raster darf jedes KBS und jede Pixelgröße haben: Es wird beim Lesen auf die Bodenauflösung des Modells umgerechnet. Von einem Layer eines Webdienstes (XYZ, WMTS, WMS) wird die Ausdehnung, oder das Gelände der Polygone, zuerst geholt.

In der Klassenkarte ist der Hintergrund 0, die erste Klasse 1 und so weiter, NoData ist 255. Detektionen sind Polygone mit den Feldern class und score. Werte sind, was eine Regression liefert, in deren eigenen Einheiten. Ausgaben, für die das Modell keine Aufgabe hat, fallen weg.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>The model {name} has no {task}: {output} is left out.</source>
      <translation>Das Modell {name} hat keine {task}: {output} entfällt.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Detections</source>
      <translation>Detektionen</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Values (regression)</source>
      <translation>Werte (Regression)</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Confidence of the class map (percent)</source>
      <translation>Konfidenz der Klassenkarte (Prozent)</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Predict many rasters</source>
      <translation>Viele Raster vorhersagen</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Maps classes, objects or values of many rasters, to one result each or one of all.</source>
      <translation>Kartiert Klassen, Objekte oder Werte vieler Raster: je ein Ergebnis oder eines für alle.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Applies a model to layers, to all rasters of a folder, or to both, as one job. Each raster gets a subfolder with its results; as one map, all rasters are predicted as if they were one, and where they overlap the first counts.

A raster that cannot be predicted does not end the job: it is named among the warnings. A job that was cancelled goes on where it stopped when it is run again with the same settings and the same folder.

Of layers of web services (XYZ, WMTS, WMS) the extent, or the ground of the polygons, is fetched first.

The files are those of Predict: classes.tif, confidence.tif, detections.gpkg, values.tif.</source>
      <translation>Wendet ein Modell in einem Auftrag auf Layer, auf alle Raster eines Ordners oder auf beides an. Jedes Raster bekommt einen Unterordner mit seinen Ergebnissen; als eine Karte werden alle Raster vorhergesagt, als wären sie eines, und wo sie sich überlappen, zählt das erste.

Ein Raster, das nicht vorhergesagt werden kann, beendet den Auftrag nicht: Es wird unter den Warnungen genannt. Ein abgebrochener Auftrag geht weiter, wo er aufgehört hat, wenn er mit denselben Einstellungen und demselben Ordner noch einmal ausgeführt wird.

Von Layern von Webdiensten (XYZ, WMTS, WMS) wird die Ausdehnung, oder das Gelände der Polygone, zuerst geholt.

Die Dateien sind die von Vorhersagen: classes.tif, confidence.tif, detections.gpkg, values.tif.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Folder of imagery</source>
      <translation>Ordner mit Bilddaten</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>All rasters in it are predicted, after the layers.</source>
      <translation>Alle Raster darin werden vorhergesagt, nach den Layern.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>One map of all rasters</source>
      <translation>Eine Karte aus allen Rastern</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Else each raster gets results of its own.</source>
      <translation>Sonst bekommt jedes Raster eigene Ergebnisse.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Confidence of the class maps too</source>
      <translation>Auch die Konfidenz der Klassenkarten</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>In percent, as confidence.tif.</source>
      <translation>In Prozent, als confidence.tif.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Show the results on the map</source>
      <translation>Ergebnisse auf der Karte zeigen</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Turn it off for hundreds of rasters.</source>
      <translation>Bei Hunderten von Rastern schalten Sie das besser aus.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Folder of results</source>
      <translation>Ordner der Ergebnisse</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Results</source>
      <translation>Ergebnisse</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>There is no folder {folder}.</source>
      <translation>Es gibt keinen Ordner {folder}.</translation>
    </message>
    <message>
      <location filename="toolbox/predict.py" />
      <source>Choose imagery, or a folder of imagery.</source>
      <translation>Wählen Sie Bilddaten oder einen Ordner mit Bilddaten.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>none</source>
      <translation>keines</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>flips (4 views)</source>
      <translation>Spiegelungen (4 Ansichten)</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>flips and turns (8 views)</source>
      <translation>Spiegelungen und Drehungen (8 Ansichten)</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>the fastest here</source>
      <translation>das hier schnellste</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Only inside these polygons</source>
      <translation>Nur innerhalb dieser Polygone</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>The results are cropped to them; ground between them is no-data and not computed. Empty: everywhere.</source>
      <translation>Die Ergebnisse werden darauf zugeschnitten; Gelände dazwischen ist NoData und wird nicht gerechnet. Leer: überall.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Only inside this extent</source>
      <translation>Nur innerhalb dieser Ausdehnung</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>The results are cropped to it. Empty: the whole raster.</source>
      <translation>Die Ergebnisse werden darauf zugeschnitten. Leer: das ganze Raster.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Least score of a detection</source>
      <translation>Kleinster Score einer Detektion</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Empty: the model's own, for each class the best on its validation blocks.</source>
      <translation>Leer: der des Modells, für jede Klasse der beste auf seinen Validierungsblöcken.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Test-time augmentation</source>
      <translation>Augmentierung beim Vorhersagen</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Averages over several views of each window: flips are 4, all turns 8. Better, and as much slower.</source>
      <translation>Mittelt über mehrere Ansichten jedes Fensters: flips (Spiegelungen) sind 4, all (alle Drehungen) 8. Besser und um ebenso viel langsamer.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Overlap of neighbouring windows (percent)</source>
      <translation>Überlappung benachbarter Fenster (Prozent)</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Empty: as much as the network needs, which is measured on the raster.</source>
      <translation>Leer: so viel, wie das Netz braucht; das wird am Raster gemessen.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Backend</source>
      <translation>Backend</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>What runs the network. auto: the fastest, measured once for each model and remembered.</source>
      <translation>Was das Netz rechnet. auto: das schnellste; es wird für jedes Modell einmal gemessen und gemerkt.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Windows at a time</source>
      <translation>Fenster auf einmal</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Empty: what suits the backend.</source>
      <translation>Leer: was zum Backend passt.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Device (auto, cpu, cuda, cuda:1, mps, xpu)</source>
      <translation>Gerät (auto, cpu, cuda, cuda:1, mps, xpu)</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>auto: a graphics card where there is one.</source>
      <translation>auto: eine Grafikkarte, wo es eine gibt.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>The layer {layer} is a web service: choose which part of it is to be predicted, by an extent such as that of the map, or by polygons.</source>
      <translation>Der Layer {layer} ist ein Webdienst: Wählen Sie, welcher Teil davon vorhergesagt werden soll, durch eine Ausdehnung wie die der Karte oder durch Polygone.</translation>
    </message>
    <message>
      <location filename="toolbox/predicting.py" />
      <source>Fetch it first with Fetch imagery, and predict the file.</source>
      <translation>Holen Sie sie zuerst mit Bilddaten holen, und sagen Sie die Datei vorher.</translation>
    </message>
    <message>
      <location filename="toolbox/provider.py" />
      <source>GeoDistil: networks distilled from unevenly labelled imagery</source>
      <translation>GeoDistil: Netze, destilliert aus ungleich gelabelten Bilddaten</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>label here next</source>
      <translation>hier als Nächstes labeln</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Find where to label next</source>
      <translation>Finden, wo als Nächstes zu labeln ist</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Ranks the ground whose labels would help a model most, and shows what it is sure of.</source>
      <translation>Ordnet das Gelände danach, wo Labels einem Modell am meisten helfen, und zeigt, was es sicher weiß.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Looks at imagery with a model and cuts it into square cells, ranked by how much their labels would help. A cell helps where the model is unsure (its class probabilities are even, its boxes have middling scores) and, for a semi-supervised run, where its two teachers disagree. Cells that look like one before them, or lie beside it, come later, so that the first ten are not one roof.

The pseudo-labels are areas of which the model is sure and, for a semi-supervised run, on which both teachers agree: what such a training takes for labels. Look at them before you trust them.

The model is a package, or the `item.json` of the folder `model` in a run folder; the run's own unlabelled imagery is looked at where none is chosen, and ground inside its labelled areas is left out.</source>
      <translation>Betrachtet Bilddaten mit einem Modell und teilt sie in quadratische Zellen, geordnet danach, wie sehr ihre Labels helfen würden. Eine Zelle hilft, wo das Modell unsicher ist (seine Klassenwahrscheinlichkeiten liegen gleichauf, seine Boxen haben mittlere Scores) und, bei einem halbüberwachten Lauf, wo seine beiden Lehrernetze uneins sind. Zellen, die einer vorigen gleichen oder neben ihr liegen, kommen später, damit die ersten zehn nicht ein einziges Dach sind.

Die Pseudo-Labels sind Flächen, deren sich das Modell sicher ist und, bei einem halbüberwachten Lauf, bei denen beide Lehrernetze übereinstimmen: was ein solches Training für Labels nimmt. Sehen Sie sie an, bevor Sie ihnen trauen.

Das Modell ist ein Paket, oder `item.json` des Ordners `model` in einem Laufordner; ist nichts gewählt, werden die Bilddaten ohne Labels des Laufs betrachtet, und Gelände in seinen gelabelten Gebieten wird ausgelassen.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Empty: the unlabelled imagery of the run that the model comes from.</source>
      <translation>Leer: die Bilddaten ohne Labels des Laufs, aus dem das Modell stammt.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Labelled ground</source>
      <translation>Gelabeltes Gelände</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Polygons of ground that has labels already; it is left out.</source>
      <translation>Polygone von Gelände, das schon Labels hat; es wird ausgelassen.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Cells to propose</source>
      <translation>Zellen, die vorgeschlagen werden</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Side of a cell (metres)</source>
      <translation>Kantenlänge einer Zelle (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Empty: half a window of the model.</source>
      <translation>Leer: ein halbes Fenster des Modells.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Least confidence of pseudo-labels (percent)</source>
      <translation>Kleinste Konfidenz der Pseudo-Labels (Prozent)</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Probability of an area's class; of a model that only detects, the score of a box.</source>
      <translation>Wahrscheinlichkeit der Klasse einer Fläche; bei einem Modell, das nur detektiert, der Score einer Box.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Device (auto, cpu, cuda, cuda:1, mps)</source>
      <translation>Gerät (auto, cpu, cuda, cuda:1, mps)</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Where to label next</source>
      <translation>Wo als Nächstes zu labeln ist</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Pseudo-labels</source>
      <translation>Pseudo-Labels</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Number of cells</source>
      <translation>Anzahl der Zellen</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>Choose imagery: the model does not lie in a run folder, whose own could be looked at.</source>
      <translation>Wählen Sie Bilddaten: Das Modell liegt nicht in einem Laufordner, dessen eigene betrachtet werden könnten.</translation>
    </message>
    <message>
      <location filename="toolbox/reviewpredictions.py" />
      <source>the run's own</source>
      <translation>die des Laufs</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>The options are not valid JSON: {error}.</source>
      <translation>Die Einstellungen sind kein gültiges JSON: {error}.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>The options must be a JSON object, for example {"training": {"learning_rate": 0.0005}}.</source>
      <translation>Die Einstellungen müssen ein JSON-Objekt sein, zum Beispiel {"training": {"learning_rate": 0.0005}}.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>The chip size must be a multiple of 32.</source>
      <translation>Die Größe der Ausschnitte muss ein Vielfaches von 32 sein.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>The training stopped; run it again with the same settings and folder {folder} to continue.</source>
      <translation>Das Training wurde angehalten; starten Sie es mit denselben Einstellungen und dem Ordner {folder} noch einmal, um fortzufahren.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Unlabelled imagery</source>
      <translation>Bilddaten ohne Labels</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Start from a model (folder, zip, or item.json)</source>
      <translation>Mit einem Modell beginnen (Ordner, Zip oder item.json)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Training goes on from what the model knows: classes of the same name are kept, others are learned anew. Its network, bands and ground sampling distance are taken, whatever is chosen here.</source>
      <translation>Das Training geht von dem aus, was das Modell kann: Klassen gleichen Namens bleiben, andere werden neu gelernt. Netz, Kanäle und Bodenauflösung sind die des Modells, was immer hier gewählt ist.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Web services: the extent that is fetched</source>
      <translation>Webdienste: die Ausdehnung, die geholt wird</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Of XYZ, WMTS and WMS layers only this part comes into the run folder, at the ground sampling distance chosen, else the service's finest. Empty: that of the labelled area, else of the labels; imagery without labels needs it.</source>
      <translation>Von XYZ-, WMTS- und WMS-Layern kommt nur dieser Teil in den Laufordner, mit der gewählten Bodenauflösung, sonst mit der feinsten des Dienstes. Leer: die des gelabelten Gebiets, sonst die der Labels; Bilddaten ohne Labels brauchen sie.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Segmentation: ground without a label is a class of its own (background)</source>
      <translation>Segmentierung: Gelände ohne Label ist eine eigene Klasse (Hintergrund)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Turn it off where the classes cover everything: ground without a label then counts nowhere.</source>
      <translation>Schalten Sie es aus, wo die Klassen alles abdecken: Gelände ohne Label zählt dann nirgends.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Name of the model</source>
      <translation>Name des Modells</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Ground sampling distance (metres)</source>
      <translation>Bodenauflösung (Meter)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Metres of ground per pixel the model sees; empty: that of the finest labelled raster.</source>
      <translation>Meter am Boden je Pixel, das das Modell sieht; leer: die des feinsten gelabelten Rasters.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Training time (minutes)</source>
      <translation>Trainingszeit (Minuten)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Training epochs (instead of minutes)</source>
      <translation>Trainingsepochen (statt Minuten)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Training steps (instead of minutes)</source>
      <translation>Trainingsschritte (statt Minuten)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Chips in a batch</source>
      <translation>Ausschnitte in einem Batch</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Device (auto, all, cpu, cuda, cuda:1, mps)</source>
      <translation>Gerät (auto, all, cpu, cuda, cuda:1, mps)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Seed</source>
      <translation>Startwert (Seed)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>More settings (JSON)</source>
      <translation>Weitere Einstellungen (JSON)</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Merged into run.json key by key; null removes a key. For example {"training": {"learning_rate": 0.0005}, "split": {"validation": 0.3}}.</source>
      <translation>Wird Schlüssel für Schlüssel in run.json eingefügt; null entfernt einen Schlüssel. Zum Beispiel {"training": {"learning_rate": 0.0005}, "split": {"validation": 0.3}}.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Run folder</source>
      <translation>Laufordner</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Left at its default: a new folder, named as the model, in your folder for runs.</source>
      <translation>Bleibt es bei der Voreinstellung: ein neuer Ordner, benannt wie das Modell, in Ihrem Ordner für Läufe.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Model package</source>
      <translation>Modellpaket</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>Report</source>
      <translation>Bericht</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>{role} needs both imagery and labels, or neither.</source>
      <translation>{role} braucht Bilddaten und Labels, oder keines von beiden.</translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source> or </source>
      <translation> oder </translation>
    </message>
    <message>
      <location filename="toolbox/training.py" />
      <source>There is nothing to work on: give imagery for {names}.</source>
      <translation>Es gibt nichts zu tun: Geben Sie Bilddaten für {names} an.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Train from boxes and areas</source>
      <translation>Aus Boxen und Flächen trainieren</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>One network for detection and segmentation from imagery that is labelled for only one of them each.</source>
      <translation>Ein Netz für Detektion und Segmentierung aus Bilddaten, die jeweils nur für eines davon gelabelt sind.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Trains one small network that finds objects and maps areas, from imagery where some layers have boxes and others have areas. Two large teachers learn one task each; the small student learns both from the labels and, where a label is missing, from the teacher (arXiv 2405.15394).

Detection labels may be polygons (their extents count) or points (with the side of their box). Segmentation labels may be polygons or a class raster.

The labelled area matters: inside it, ground without a label is taken as background.

Cancelling writes a checkpoint; the same settings and run folder continue from it. The run folder is complete: copy it to a server, run `python -m engine train FOLDER` there and copy it back.</source>
      <translation>Trainiert ein kleines Netz, das Objekte findet und Flächen kartiert, aus Bilddaten, von denen manche Layer Boxen und andere Flächen haben. Zwei große Lehrernetze lernen je eine Aufgabe; das kleine Schülernetz lernt beide aus den Labels und, wo ein Label fehlt, vom Lehrernetz (arXiv 2405.15394).

Labels der Detektion dürfen Polygone sein (ihre Ausdehnung zählt) oder Punkte (mit der Kantenlänge ihrer Box). Labels der Segmentierung dürfen Polygone oder ein Klassenraster sein.

Das gelabelte Gebiet ist wichtig: Darin gilt Gelände ohne Label als Hintergrund.

Abbrechen schreibt einen Zwischenstand; mit denselben Einstellungen und demselben Laufordner geht es von dort weiter. Der Laufordner ist vollständig: Kopieren Sie ihn auf einen Server, starten Sie dort `python -m engine train ORDNER`, und kopieren Sie ihn zurück.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Mean IoU on validation blocks</source>
      <translation>Mittlerer IoU auf Validierungsblöcken</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>AP50 on validation blocks</source>
      <translation>AP50 auf Validierungsblöcken</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>AP on validation blocks</source>
      <translation>AP auf Validierungsblöcken</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Size of the network</source>
      <translation>Größe des Netzes</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Size of its teachers</source>
      <translation>Größe der Lehrernetze</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Train from few areas and much imagery</source>
      <translation>Aus wenigen Flächen und vielen Bilddaten trainieren</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>A segmentation network from few labelled areas and much imagery without labels (SSLKD).</source>
      <translation>Ein Segmentierungsnetz aus wenigen gelabelten Flächen und vielen Bilddaten ohne Labels (SSLKD).</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Trains one small segmentation network from few labelled areas and much unlabelled imagery (SSLKD, arXiv 2402.05305). Two large teachers of different architecture correct each other on the unlabelled imagery; the small student learns from the labels and from both.

The labelled imagery outside its labelled area may be given as unlabelled imagery too.

Labels may be polygons or a class raster. The labelled area matters: inside it, ground without a label is taken as background.

Cancelling writes a checkpoint; the same settings and run folder continue from it.</source>
      <translation>Trainiert ein kleines Segmentierungsnetz aus wenigen gelabelten Flächen und vielen Bilddaten ohne Labels (SSLKD, arXiv 2402.05305). Zwei große Lehrernetze unterschiedlicher Bauart korrigieren einander auf den Bilddaten ohne Labels; das kleine Schülernetz lernt aus den Labels und von beiden.

Die gelabelten Bilddaten außerhalb ihres gelabelten Gebiets dürfen auch als Bilddaten ohne Labels angegeben werden.

Labels dürfen Polygone oder ein Klassenraster sein. Das gelabelte Gebiet ist wichtig: Darin gilt Gelände ohne Label als Hintergrund.

Abbrechen schreibt einen Zwischenstand; mit denselben Einstellungen und demselben Laufordner geht es von dort weiter.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Size of its first teacher</source>
      <translation>Größe des ersten Lehrernetzes</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Train from labels</source>
      <translation>Aus Labels trainieren</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>One network for detection, segmentation or both, from labels alone, without teachers.</source>
      <translation>Ein Netz für Detektion, Segmentierung oder beides, allein aus Labels, ohne Lehrernetze.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Trains one network on labels alone: on boxes, on areas, or on both. There are no teachers, so it is the quickest training, and the one to compare distilled networks with.

Where some imagery has boxes and other has areas, 'Train from boxes and areas' usually does better; with few areas and much imagery, 'Train from few areas and much imagery' does.

The labelled area matters: inside it, ground without a label is taken as background.

Cancelling writes a checkpoint; the same settings and run folder continue from it.</source>
      <translation>Trainiert ein Netz allein aus Labels: aus Boxen, aus Flächen oder aus beiden. Es gibt keine Lehrernetze; darum ist es das schnellste Training und das, mit dem destillierte Netze zu vergleichen sind.

Wo manche Bilddaten Boxen und andere Flächen haben, ist „Aus Boxen und Flächen trainieren“ meist besser; bei wenigen Flächen und vielen Bilddaten ist es „Aus wenigen Flächen und vielen Bilddaten trainieren“.

Das gelabelte Gebiet ist wichtig: Darin gilt Gelände ohne Label als Hintergrund.

Abbrechen schreibt einen Zwischenstand; mit denselben Einstellungen und demselben Laufordner geht es von dort weiter.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Distil a model</source>
      <translation>Modell destillieren</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>A smaller, faster network that answers as an existing model does, from any imagery.</source>
      <translation>Ein kleineres, schnelleres Netz, das antwortet wie ein vorhandenes Modell, aus beliebigen Bilddaten.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Teaches an existing model to another, usually smaller network. The model answers on the imagery, and the student learns to answer the same; no labels are needed, and the imagery may be any that the model can read.

Labels help where there are any: the student learns from them too, and their validation blocks choose its best weights. Their classes must be the model's. Without labels nothing validates, and the last weights are kept; evaluate them on labelled ground.

Classes, bands and ground sampling distance are the model's. It is copied into the run folder, which is thus complete: it can be copied to a server and trained there.</source>
      <translation>Bringt einem anderen, meist kleineren Netz bei, was ein vorhandenes Modell kann. Das Modell antwortet auf die Bilddaten, und das Schülernetz lernt, dasselbe zu antworten; Labels sind nicht nötig, und es dürfen beliebige Bilddaten sein, die das Modell lesen kann.

Labels helfen, wo es welche gibt: Das Schülernetz lernt auch aus ihnen, und ihre Validierungsblöcke wählen seine besten Gewichte. Ihre Klassen müssen die des Modells sein. Ohne Labels validiert nichts, und die letzten Gewichte bleiben; bewerten Sie sie auf gelabeltem Gelände.

Klassen, Kanäle und Bodenauflösung sind die des Modells. Es wird in den Laufordner kopiert, der damit vollständig ist: Er kann auf einen Server kopiert und dort trainiert werden.</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>Model that teaches (folder, zip, or item.json)</source>
      <translation>Modell, das lehrt (Ordner, Zip oder item.json)</translation>
    </message>
    <message>
      <location filename="toolbox/trainings.py" />
      <source>The model {name} has no {task}, so labels for it cannot be used.</source>
      <translation>Das Modell {name} hat keine {task}; Labels dafür lassen sich nicht nutzen.</translation>
    </message>
    <message>
      <location filename="jobs/background.py" />
      <source>{title}: {count} warnings. The first: {warning}</source>
      <translation>{title}: {count} Warnungen. Die erste: {warning}</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Nothing to warn of.</source>
      <translation>Nichts zu beanstanden.</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Source</source>
      <translation>Quelle</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Role</source>
      <translation>Rolle</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Raster</source>
      <translation>Raster</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>{gsd} m per pixel; {area} m² of ground train.</source>
      <translation>{gsd} m je Pixel; {area} m² Gelände zum Trainieren.</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>{role} class</source>
      <translation>Klasse der {role}</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Band ({dtype})</source>
      <translation>Kanal ({dtype})</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Mean</source>
      <translation>Mittelwert</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>Standard deviation</source>
      <translation>Standardabweichung</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>The engine's Python {name} cannot be started.</source>
      <translation>Das Python {name} der Engine lässt sich nicht starten.</translation>
    </message>
    <message>
      <location filename="jobs/checking.py" />
      <source>The engine ended with exit code {code} and no answer. {last}</source>
      <translation>Die Engine endete mit dem Exit-Code {code} und ohne Antwort. {last}</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>The label layer {layer} has no class.</source>
      <translation>Der Label-Layer {layer} hat keine Klasse.</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Choose a layer with labels.</source>
      <translation>Wählen Sie einen Layer mit Labels.</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Field {field} of layer {layer}</source>
      <translation>Das Feld {field} des Layers {layer}</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Layer {layer}</source>
      <translation>Der Layer {layer}</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>{where} has {count} different values.</source>
      <translation>{where} hat {count} verschiedene Werte.</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Choose a field of classes.</source>
      <translation>Wählen Sie ein Feld mit Klassen.</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Layer {layer} has no field {field}.</source>
      <translation>Der Layer {layer} hat kein Feld {field}.</translation>
    </message>
    <message>
      <location filename="jobs/classes.py" />
      <source>Choose one of its fields.</source>
      <translation>Wählen Sie eines seiner Felder.</translation>
    </message>
    <message>
      <location filename="jobs/environment/__init__.py" />
      <source>The engine's Python {chosen} does not exist.</source>
      <translation>Das Python {chosen} der Engine gibt es nicht.</translation>
    </message>
    <message>
      <location filename="jobs/environment/__init__.py" />
      <source>Correct the setting {setting} or the variable {variable}, or open GeoDistil &gt; Engine environment.</source>
      <translation>Korrigieren Sie die Einstellung {setting} oder die Variable {variable}, oder öffnen Sie GeoDistil &gt; Umgebung der Engine.</translation>
    </message>
    <message>
      <location filename="jobs/environment/__init__.py" />
      <source>The engine's Python environment is not set up.</source>
      <translation>Die Python-Umgebung der Engine ist nicht eingerichtet.</translation>
    </message>
    <message>
      <location filename="jobs/environment/__init__.py" />
      <source>Open Plugins &gt; GeoDistil &gt; Engine environment and press Set up.</source>
      <translation>Öffnen Sie Erweiterungen &gt; GeoDistil &gt; Umgebung der Engine, und drücken Sie Einrichten.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>The engine's environment is being set up already.</source>
      <translation>Die Umgebung der Engine wird schon eingerichtet.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>The folder {folder} cannot be written: {reason}.</source>
      <translation>Der Ordner {folder} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>Choose another one under Options.</source>
      <translation>Wählen Sie unter Optionen einen anderen.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>The installer ended with exit code {code}.</source>
      <translation>Das Einrichten endete mit dem Exit-Code {code}.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>QGIS's Python cannot be found as a program.</source>
      <translation>Das Python von QGIS ist als Programm nicht zu finden.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>Install Python 3.10 or newer, make an environment with the engine's packages and choose it below.</source>
      <translation>Installieren Sie Python 3.10 oder neuer, legen Sie eine Umgebung mit den Paketen der Engine an, und wählen Sie sie unten.</translation>
    </message>
    <message>
      <location filename="jobs/environment/installing.py" />
      <source>Remove GeoDistil's engine environment</source>
      <translation>Umgebung der GeoDistil-Engine entfernen</translation>
    </message>
    <message>
      <location filename="jobs/environment/place.py" />
      <source>{path} cannot be deleted: {reason}.</source>
      <translation>{path} kann nicht gelöscht werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/environment/place.py" />
      <source>End the runs that use the engine, and try again.</source>
      <translation>Beenden Sie die Läufe, die die Engine nutzen, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>Error {reference}: the page Errors of the guide says what helps.</source>
      <translation>Fehler {reference}: Die Seite „Errors“ der Anleitung sagt, was hilft.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>The engine failed without saying why.</source>
      <translation>Die Engine ist gescheitert und sagt nicht, warum.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>{doing}: cancelled.</source>
      <translation>{doing}: abgebrochen.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>{title} failed: {error}.</source>
      <translation>{title} ist gescheitert: {error}.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>A file cannot be read or written: {reason}.</source>
      <translation>Eine Datei lässt sich nicht lesen oder schreiben: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>{path} cannot be read or written: {reason}.</source>
      <translation>{path} lässt sich nicht lesen oder schreiben: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/errors.py" />
      <source>Choose another place, or make room there.</source>
      <translation>Wählen Sie einen anderen Ort oder schaffen Sie dort Platz.</translation>
    </message>
    <message>
      <location filename="jobs/folders.py" />
      <source>Remove a temporary folder</source>
      <translation>Temporären Ordner entfernen</translation>
    </message>
    <message>
      <location filename="jobs/folders.py" />
      <source>{file} holds {count} files.</source>
      <translation>{file} enthält {count} Dateien.</translation>
    </message>
    <message>
      <location filename="jobs/folders.py" />
      <source>{file} holds two files of the name {path}.</source>
      <translation>{file} enthält zwei Dateien mit dem Namen {path}.</translation>
    </message>
    <message>
      <location filename="jobs/folders.py" />
      <source>{path} in {file} would be more than {count} times as large as it is packed.</source>
      <translation>{path} in {file} wäre entpackt mehr als {count}-mal so groß wie gepackt.</translation>
    </message>
    <message>
      <location filename="jobs/folders.py" />
      <source>It was not unpacked.</source>
      <translation>Sie wurde nicht entpackt.</translation>
    </message>
    <message>
      <location filename="jobs/foreign.py" />
      <source>{path} has not been tried yet.</source>
      <translation>{path} wurde noch nicht ausprobiert.</translation>
    </message>
    <message>
      <location filename="jobs/foreign.py" />
      <source>Run Predict with it once, or choose it in a dialog with the button beside the list of models.</source>
      <translation>Führen Sie einmal Vorhersagen damit aus, oder wählen Sie die Datei in einem Dialog mit dem Knopf neben der Liste der Modelle.</translation>
    </message>
    <message>
      <location filename="jobs/foreign.py" />
      <source>{destination} cannot be written: {reason}.</source>
      <translation>{destination} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/foreign.py" />
      <source>The engine could not look at {model}.</source>
      <translation>Die Engine konnte {model} nicht ansehen.</translation>
    </message>
    <message>
      <location filename="jobs/foreign.py" />
      <source>Try it in a shell: python -m engine inspect {model}</source>
      <translation>Versuchen Sie es in einer Shell: python -m engine inspect {model}</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>The requirements {path} are damaged at the line {line!r}.</source>
      <translation>Die Anforderungen {path} sind beschädigt, in der Zeile {line!r}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>Install the plugin anew.</source>
      <translation>Installieren Sie die Erweiterung neu.</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>The file {target} is not the one that GeoDistil was released with, so it was not used.</source>
      <translation>Die Datei {target} ist nicht die, mit der GeoDistil veröffentlicht wurde; sie wurde nicht verwendet.</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>Try again on another network, or with another package index.</source>
      <translation>Versuchen Sie es in einem anderen Netz oder mit einem anderen Paketindex.</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>The package index does not have the {package} {version} that GeoDistil was released with.</source>
      <translation>Der Paketindex hat {package} {version} nicht, womit GeoDistil veröffentlicht wurde.</translation>
    </message>
    <message>
      <location filename="jobs/installer/download.py" />
      <source>Choose another package index, or a folder of wheels.</source>
      <translation>Wählen Sie einen anderen Paketindex oder einen Ordner mit Wheels.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The disk of {folder} is full{at}.</source>
      <translation>Der Datenträger von {folder} ist voll{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Free some space, or choose another folder, and go on.</source>
      <translation>Schaffen Sie Platz oder wählen Sie einen anderen Ordner, und setzen Sie dann fort.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The secure connection is not trusted{at}: its certificate is from an authority unknown here.</source>
      <translation>Der sicheren Verbindung wird nicht vertraut{at}: Ihr Zertifikat stammt von einer hier unbekannten Stelle.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Add your organisation's certificate in Settings &gt; Options &gt; Authentication &gt; Manage Certificates, and go on.</source>
      <translation>Fügen Sie das Zertifikat Ihrer Organisation unter Einstellungen &gt; Optionen &gt; Authentifizierung &gt; Zertifikate verwalten hinzu, und setzen Sie dann fort.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The proxy server wants a user name and password{at}.</source>
      <translation>Der Proxyserver verlangt Benutzernamen und Passwort{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Enter them in Settings &gt; Options &gt; Network, and go on.</source>
      <translation>Tragen Sie sie unter Einstellungen &gt; Optionen &gt; Netzwerk ein, und setzen Sie dann fort.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The proxy server cannot be reached or refuses{at}.</source>
      <translation>Der Proxyserver ist nicht erreichbar oder weist ab{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Correct it in Settings &gt; Options &gt; Network, or turn it off, and go on.</source>
      <translation>Korrigieren Sie ihn unter Einstellungen &gt; Optionen &gt; Netzwerk oder schalten Sie ihn aus, und setzen Sie dann fort.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>What was downloaded is not what GeoDistil was released with{at}, so it was not installed.</source>
      <translation>Was heruntergeladen wurde, ist nicht das, womit GeoDistil veröffentlicht wurde{at}; es wurde nicht installiert.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>This Python cannot make environments{at}.</source>
      <translation>Dieses Python kann keine Umgebungen anlegen{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Choose uv as the tool, or install the system's package python3-venv.</source>
      <translation>Wählen Sie uv als Werkzeug, oder installieren Sie das Systempaket python3-venv.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The system forbids to write or run programs in {folder}{at}.</source>
      <translation>Das System verbietet, in {folder} zu schreiben oder Programme zu starten{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Choose another folder, or a Python that your administrator allows.</source>
      <translation>Wählen Sie einen anderen Ordner oder ein Python, das Ihre Administration erlaubt.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The connection failed{at}.</source>
      <translation>Die Verbindung ist gescheitert{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Check network and proxy (Settings &gt; Options &gt; Network) and go on: what is there already is kept.</source>
      <translation>Prüfen Sie Netzwerk und Proxy (Einstellungen &gt; Optionen &gt; Netzwerk), und setzen Sie dann fort: Was schon da ist, bleibt.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>There is no build for this Python and system{at}.</source>
      <translation>Für dieses Python und dieses System gibt es keine Fassung{at}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Choose another Python, or another build of torch.</source>
      <translation>Wählen Sie ein anderes Python oder eine andere Fassung von torch.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The installation failed{at}: {last}.</source>
      <translation>Das Einrichten ist gescheitert{at}: {last}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Copy the diagnostics into a bug report.</source>
      <translation>Kopieren Sie die Diagnose in eine Fehlermeldung an uns.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>The disk of {folder} has {free} GB free, and about {needed} GB are needed.</source>
      <translation>Der Datenträger von {folder} hat {free} GB frei, und etwa {needed} GB werden gebraucht.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>{python} is Python {version}, and the engine needs {oldest} to {newest}.</source>
      <translation>{python} ist Python {version}, und die Engine braucht {oldest} bis {newest}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/errors.py" />
      <source>Choose another Python, or leave the choice to uv, which brings its own.</source>
      <translation>Wählen Sie ein anderes Python, oder überlassen Sie die Wahl uv, das sein eigenes mitbringt.</translation>
    </message>
    <message>
      <location filename="jobs/installer/job.py" />
      <source>Another installation of the engine's environment is under way.</source>
      <translation>Die Umgebung der Engine wird gerade anderswo eingerichtet.</translation>
    </message>
    <message>
      <location filename="jobs/installer/job.py" />
      <source>Wait until it ends, or cancel it where it was started.</source>
      <translation>Warten Sie das Ende ab, oder brechen Sie dort ab, wo es begonnen wurde.</translation>
    </message>
    <message>
      <location filename="jobs/installer/machine.py" />
      <source>There is no torch for {path} ({kind}).</source>
      <translation>Für {path} ({kind}) gibt es kein torch.</translation>
    </message>
    <message>
      <location filename="jobs/installer/machine.py" />
      <source>It needs Linux or Windows with 64 bits, or a Mac with Apple's processor.</source>
      <translation>Es braucht Linux oder Windows mit 64 Bit, oder einen Mac mit Apple-Prozessor.</translation>
    </message>
    <message>
      <location filename="jobs/installer/machine.py" />
      <source>{path} cannot be started, or is not a Python.</source>
      <translation>{path} lässt sich nicht starten oder ist kein Python.</translation>
    </message>
    <message>
      <location filename="jobs/installer/machine.py" />
      <source>Choose another one.</source>
      <translation>Wählen Sie ein anderes.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>The engine does not start in {python}.</source>
      <translation>Die Engine startet nicht in {python}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>Remove the environment and set it up anew, or copy the diagnostics into a bug report.</source>
      <translation>Entfernen Sie die Umgebung und richten Sie sie neu ein, oder kopieren Sie die Diagnose in eine Fehlermeldung an uns.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>The module {tried} does not load in {python}.</source>
      <translation>Das Modul {tried} lädt nicht in {python}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>uv cannot be used, so pip is: {reason}</source>
      <translation>uv lässt sich nicht verwenden, darum pip: {reason}</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>There is no torch for {system} {machine}.</source>
      <translation>Für {system} {machine} gibt es kein torch.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>No environment can be made from Python {python}; another is tried.</source>
      <translation>Aus Python {python} lässt sich keine Umgebung anlegen; ein anderes wird versucht.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>torch for {build} cannot be had. {reason}</source>
      <translation>torch für {build} ist nicht zu bekommen. {reason}</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>From a folder of wheels only the registry's torch can be installed, not {build}.</source>
      <translation>Aus einem Ordner mit Wheels lässt sich nur das torch des Paketindex installieren, nicht {build}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/making.py" />
      <source>Choose the registry's own build.</source>
      <translation>Wählen Sie die Fassung des Paketindex.</translation>
    </message>
    <message>
      <location filename="jobs/installer/tools.py" />
      <source>The folder {wheels} does not have the locked wheel of uv {version}.</source>
      <translation>Im Ordner {wheels} fehlt das festgelegte Wheel von uv {version}.</translation>
    </message>
    <message>
      <location filename="jobs/installer/tools.py" />
      <source>Put it there, or choose pip as the tool.</source>
      <translation>Legen Sie es dort ab, oder wählen Sie pip als Werkzeug.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/clicking.py" />
      <source>Click to segment needs a model of your own: choose its two files with Model….</source>
      <translation>Die Klick-Segmentierung braucht ein eigenes Modell: Wählen Sie seine zwei Dateien mit „Modell…“.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/clicking.py" />
      <source>This is not on the raster {raster}.</source>
      <translation>Dies liegt nicht auf dem Raster {raster}.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/clicking.py" />
      <source>Click on it.</source>
      <translation>Klicken Sie darauf.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/desk.py" />
      <source>Reading the suggestions</source>
      <translation>Vorschläge werden gelesen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/desk.py" />
      <source>The layer {layer} has no polygons that could be suggestions.</source>
      <translation>Der Layer {layer} hat keine Polygone, die Vorschläge sein könnten.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/desk.py" />
      <source>The layer {layer} has no coordinate reference system; set it with Layer &gt; Set CRS of Layer(s).</source>
      <translation>Der Layer {layer} hat kein Koordinatenbezugssystem; setzen Sie es mit Layer &gt; Layer-KBS setzen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>There is nothing left of this area: all of it has labels already.</source>
      <translation>Von dieser Fläche bleibt nichts übrig: Sie hat schon überall Labels.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Turn the option off that keeps new areas from overlapping old ones.</source>
      <translation>Schalten Sie die Option aus, nach der neue Flächen alte nicht überlappen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Draw {name}</source>
      <translation>{name} zeichnen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Change to {name}</source>
      <translation>In {name} ändern</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Delete labels</source>
      <translation>Labels löschen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>The layer {layer} does not take this edit.</source>
      <translation>Der Layer {layer} nimmt diese Änderung nicht an.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Save its edits, and look whether another program has it open.</source>
      <translation>Speichern Sie seine Änderungen, und sehen Sie nach, ob ein anderes Programm ihn geöffnet hat.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Another program is writing to the file of the layer {layer}.</source>
      <translation>Ein anderes Programm schreibt gerade in die Datei des Layers {layer}.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>Your edits are still here: try again when it is done.</source>
      <translation>Ihre Änderungen sind noch da: Versuchen Sie es noch einmal, wenn es fertig ist.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>The edits of the layer {layer} cannot be saved: {reason}.</source>
      <translation>Die Änderungen des Layers {layer} lassen sich nicht speichern: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/editing.py" />
      <source>They are still here: try again, or save the layer under another name.</source>
      <translation>Sie sind noch da: Versuchen Sie es noch einmal, oder speichern Sie den Layer unter einem anderen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/keeping.py" />
      <source>Suggestions are not kept on the disk any more ({reason}): review them before QGIS is closed.</source>
      <translation>Vorschläge werden nicht mehr auf dem Datenträger aufbewahrt ({reason}): Prüfen Sie sie, bevor QGIS geschlossen wird.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/keeping.py" />
      <source>{count} suggestions kept in {path} cannot be read: the file is damaged.</source>
      <translation>{count} Vorschläge, die in {path} aufbewahrt sind, können nicht gelesen werden: Die Datei ist beschädigt.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/kept.py" />
      <source>The suggestions kept in {path} cannot be read: the file is damaged.</source>
      <translation>Die Vorschläge, die in {path} aufbewahrt sind, können nicht gelesen werden: Die Datei ist beschädigt.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/kept.py" />
      <source>The labels are as they were; have the model suggest again.</source>
      <translation>Die Labels sind, wie sie waren; lassen Sie das Modell noch einmal vorschlagen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The data of the layer {layer} cannot be opened any more, so they were moved, renamed or deleted: put them back, or choose another layer.</source>
      <translation>Die Daten des Layers {layer} lassen sich nicht mehr öffnen, wurden also verschoben, umbenannt oder gelöscht: Legen Sie sie zurück, oder wählen Sie einen anderen Layer.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The layer {layer} has neither polygons nor points; choose one that has.</source>
      <translation>Der Layer {layer} hat weder Polygone noch Punkte; wählen Sie einen, der welche hat.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The layer {layer} is read-only: turn that off in Project &gt; Properties &gt; Data Sources, or use a copy of it.</source>
      <translation>Der Layer {layer} ist schreibgeschützt: Schalten Sie das unter Projekt &gt; Eigenschaften &gt; Datenquellen aus, oder nehmen Sie eine Kopie.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The raster of the layer {layer} is not in the project; there is no grid to walk and no share to count.</source>
      <translation>Das Raster des Layers {layer} ist nicht im Projekt; ohne es gibt es kein Gitter und keinen Anteil.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The layer {layer} is in {labels_crs} and the raster {raster} in {raster_crs}: what you draw is transformed into the layer's.</source>
      <translation>Der Layer {layer} ist in {labels_crs}, das Raster {raster} in {raster_crs}: Was Sie zeichnen, wird in das KBS des Layers transformiert.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The layer {layer} has no class field {field}; choose one of its fields.</source>
      <translation>Der Layer {layer} hat kein Klassenfeld {field}; wählen Sie eines seiner Felder.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The class field {field} of the layer {layer} holds neither text nor whole numbers ({type}); choose another.</source>
      <translation>Das Klassenfeld {field} des Layers {layer} enthält weder Text noch ganze Zahlen ({type}); wählen Sie ein anderes.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The class field {field} of the layer {layer} holds whole numbers, so a class cannot be called {name}; name it by its number.</source>
      <translation>Das Klassenfeld {field} des Layers {layer} enthält ganze Zahlen, also kann eine Klasse nicht {name} heißen; benennen Sie sie mit ihrer Zahl.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The raster {raster} has no coordinate reference system.</source>
      <translation>Das Raster {raster} hat kein Koordinatenbezugssystem.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Set it with Layer &gt; Set CRS of Layer(s).</source>
      <translation>Setzen Sie es mit Layer &gt; Layer-KBS setzen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>The file {path} is there already.</source>
      <translation>Die Datei {path} gibt es schon.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Choose another name, or add its layer to the project and take that.</source>
      <translation>Wählen Sie einen anderen Namen, oder fügen Sie den Layer der Datei dem Projekt hinzu und nehmen Sie diesen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>{raster}: labels</source>
      <translation>{raster}: Labels</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>{raster}: labelled area</source>
      <translation>{raster}: gelabeltes Gebiet</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>There is no class yet.</source>
      <translation>Es gibt noch keine Klasse.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Add one.</source>
      <translation>Fügen Sie eine hinzu.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Two classes are called {name}.</source>
      <translation>Zwei Klassen heißen {name}.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Rename one.</source>
      <translation>Benennen Sie eine um.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>{path} cannot be written: {reason}.</source>
      <translation>{path} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>Choose another place.</source>
      <translation>Wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/layers.py" />
      <source>{path} cannot be opened again.</source>
      <translation>{path} lässt sich nicht wieder öffnen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Label less ground, or fetch the part that you label first, with Fetch imagery.</source>
      <translation>Labeln Sie weniger Gelände, oder holen Sie den Teil, den Sie labeln, zuerst mit „Bilddaten holen“.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The raster of this label layer is not in the project.</source>
      <translation>Das Raster dieses Label-Layers ist nicht im Projekt.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Add it first.</source>
      <translation>Fügen Sie es zuerst hinzu.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The layer {layer} has no labels yet.</source>
      <translation>Der Layer {layer} hat noch keine Labels.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Choose another model, or begin anew.</source>
      <translation>Wählen Sie ein anderes Modell, oder beginnen Sie neu.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The model {name} is an ONNX file, which cannot learn.</source>
      <translation>Das Modell {name} ist eine ONNX-Datei und kann nicht lernen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Begin anew: take the tick away below the button.</source>
      <translation>Beginnen Sie neu: Nehmen Sie das Häkchen unter dem Knopf weg.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Looking at the labels…</source>
      <translation>Die Labels werden angesehen…</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Read the model</source>
      <translation>Modell lesen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Learning was cancelled.</source>
      <translation>Das Lernen wurde abgebrochen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Learning</source>
      <translation>Lernen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The engine checks the run…</source>
      <translation>Die Engine prüft den Lauf…</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>Write the run folder</source>
      <translation>Laufordner schreiben</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The engine starts…</source>
      <translation>Die Engine startet…</translation>
    </message>
    <message>
      <location filename="jobs/labelling/learning.py" />
      <source>The run folder {run} is gone.</source>
      <translation>Den Laufordner {run} gibt es nicht mehr.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Suggest labels</source>
      <translation>Labels vorschlagen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>The model {name} has no {task}, so it suggests no labels of this layer.</source>
      <translation>Das Modell {name} hat keine {task} und schlägt daher keine Labels dieses Layers vor.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Choose another model.</source>
      <translation>Wählen Sie ein anderes Modell.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Zoom in, or fetch it first with Fetch imagery.</source>
      <translation>Zoomen Sie hinein, oder holen Sie es vorher mit „Bilddaten holen“.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Add it, or take suggestions from a layer.</source>
      <translation>Fügen Sie es hinzu, oder nehmen Sie Vorschläge aus einem Layer.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>The layer {layer} is a web service, which has no end.</source>
      <translation>Der Layer {layer} ist ein Webdienst, der kein Ende hat.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Take suggestions in this view.</source>
      <translation>Lassen Sie sich in dieser Ansicht Vorschläge machen.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>This view shows nothing of the raster.</source>
      <translation>Diese Ansicht zeigt nichts vom Raster.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/predicting.py" />
      <source>Zoom to it first.</source>
      <translation>Zoomen Sie zuerst darauf.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>The suggestion has no class.</source>
      <translation>Der Vorschlag hat keine Klasse.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>Give it one first.</source>
      <translation>Geben Sie ihm zuerst eine.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>Give the suggestions another class first.</source>
      <translation>Geben Sie den Vorschlägen zuerst eine andere Klasse.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>Accept suggestions</source>
      <translation>Vorschläge annehmen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>Reject suggestions</source>
      <translation>Vorschläge ablehnen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>The layer {layer} cannot be transformed into {crs}.</source>
      <translation>Der Layer {layer} lässt sich nicht nach {crs} transformieren.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/reviewing.py" />
      <source>Choose one that lies on the raster.</source>
      <translation>Wählen Sie einen, der auf dem Raster liegt.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/session.py" />
      <source>The class {name} has labels ({count}).</source>
      <translation>Die Klasse {name} hat Labels ({count}).</translation>
    </message>
    <message>
      <location filename="jobs/labelling/session.py" />
      <source>Give them another class first, or delete them.</source>
      <translation>Geben Sie ihnen zuerst eine andere Klasse, oder löschen Sie sie.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/styles.py" />
      <source>other classes</source>
      <translation>andere Klassen</translation>
    </message>
    <message>
      <location filename="jobs/labelling/suggestions.py" />
      <source>{layer}: suggestions</source>
      <translation>{layer}: Vorschläge</translation>
    </message>
    <message>
      <location filename="jobs/labelling/walking.py" />
      <source>This view cannot be transformed into {crs}.</source>
      <translation>Diese Ansicht lässt sich nicht nach {crs} transformieren.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/walking.py" />
      <source>Zoom to the raster.</source>
      <translation>Zoomen Sie auf das Raster.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/walking.py" />
      <source>The layer {layer} of the labelled area is read-only.</source>
      <translation>Der Layer {layer} des gelabelten Gebiets ist schreibgeschützt.</translation>
    </message>
    <message>
      <location filename="jobs/labelling/walking.py" />
      <source>Turn that off in Project &gt; Properties &gt; Data Sources.</source>
      <translation>Schalten Sie das unter Projekt &gt; Eigenschaften &gt; Datenquellen aus.</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Training blocks</source>
      <translation>Trainingsblöcke</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Validation blocks</source>
      <translation>Validierungsblöcke</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Split into blocks</source>
      <translation>Aufteilung in Blöcke</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Trained</source>
      <translation>Trainiert</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>unknown</source>
      <translation>unbekannt</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Ground sampling distance</source>
      <translation>Bodenauflösung</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Made</source>
      <translation>Erstellt</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>{made}: {title}, by the model {model}</source>
      <translation>{made}: {title}, vom Modell {model}</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>{made}: {title}</source>
      <translation>{made}: {title}</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Its origin</source>
      <translation>Seine Herkunft</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>GDAL cannot write {destination}.</source>
      <translation>GDAL kann {destination} nicht schreiben.</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Choose a file that ends in .tif.</source>
      <translation>Wählen Sie eine Datei, die auf .tif endet.</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>{destination} cannot be written: {message}.</source>
      <translation>{destination} kann nicht geschrieben werden: {message}.</translation>
    </message>
    <message>
      <location filename="jobs/layers/results.py" />
      <source>Choose a file ending in .gpkg.</source>
      <translation>Wählen Sie eine Datei, die auf .gpkg endet.</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>How {path} looks could not be saved: {reason}.</source>
      <translation>Das Aussehen von {path} konnte nicht gespeichert werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>{path} cannot be opened as a layer.</source>
      <translation>{path} lässt sich nicht als Layer öffnen.</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>classes</source>
      <translation>Klassen</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>confidence</source>
      <translation>Konfidenz</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>detections</source>
      <translation>Detektionen</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>values</source>
      <translation>Werte</translation>
    </message>
    <message>
      <location filename="jobs/layers/styled.py" />
      <source>{run} has no predictions.</source>
      <translation>{run} hat keine Vorhersagen.</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>50 % or less: look here</source>
      <translation>50 % oder weniger: hier nachsehen</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>70 %</source>
      <translation>70 %</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>85 %</source>
      <translation>85 %</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>95 % or more: sure, clear</source>
      <translation>95 % oder mehr: sicher, durchsichtig</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>1 to 10: label here first</source>
      <translation>1 bis 10: hier zuerst labeln</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>11 to 25</source>
      <translation>11 bis 25</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>26 to 50</source>
      <translation>26 bis 50</translation>
    </message>
    <message>
      <location filename="jobs/layers/styles.py" />
      <source>51 and later</source>
      <translation>51 und später</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Tasks</source>
      <translation>Aufgaben</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Bands</source>
      <translation>Kanäle</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Network</source>
      <translation>Netz</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Speed here</source>
      <translation>Tempo hier</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>not measured yet: predict a view</source>
      <translation>noch nicht gemessen: eine Ansicht vorhersagen</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Known as</source>
      <translation>Bekannt als</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Place</source>
      <translation>Ort</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>{count} million weights</source>
      <translation>{count} Millionen Gewichte</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>{speed} megapixels a second</source>
      <translation>{speed} Megapixel pro Sekunde</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Licence</source>
      <translation>Lizenz</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Scores on its validation ground (percent)</source>
      <translation>Güte auf seinem Validierungsgelände (Prozent)</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Scores, each on its own validation ground (percent)</source>
      <translation>Güte, jeweils auf dem eigenen Validierungsgelände (Prozent)</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>Scores on the same ground (percent): {ground}</source>
      <translation>Güte auf demselben Gelände (Prozent): {ground}</translation>
    </message>
    <message>
      <location filename="jobs/models/facts.py" />
      <source>{model}: {said}.</source>
      <translation>{model}: {said}.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>trained on this imagery: {percent} % of this ground</source>
      <translation>auf diesen Bilddaten trainiert: {percent} % dieses Geländes</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>trained on this imagery</source>
      <translation>auf diesen Bilddaten trainiert</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>its package does not say what it was trained on</source>
      <translation>sein Paket sagt nicht, worauf es trainiert wurde</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>trained on other ground of this imagery</source>
      <translation>auf anderem Gelände dieser Bilddaten trainiert</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>not trained on this ground</source>
      <translation>nicht auf diesem Gelände trainiert</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>The models {first} and {second} have no task in common that labels can judge.</source>
      <translation>Die Modelle {first} und {second} haben keine Aufgabe gemeinsam, die Labels beurteilen können.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>The models {first} and {second} have no class of {task} in common.</source>
      <translation>Die Modelle {first} und {second} haben keine Klasse gemeinsam ({task}).</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>Choose the layer that holds the truth: boxes, or areas.</source>
      <translation>Wählen Sie den Layer mit der Wahrheit: Boxen oder Flächen.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>The layer {layer} cannot judge {task}; choose polygons.</source>
      <translation>Der Layer {layer} kann nicht beurteilen ({task}); wählen Sie Polygone.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>Choose the field of {layer} that says the class.</source>
      <translation>Wählen Sie das Feld von {layer}, das die Klasse sagt.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>Choose the imagery that both models predict.</source>
      <translation>Wählen Sie die Bilddaten, die beide Modelle vorhersagen.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>The model {model} reads band {band}, and the layer {layer} has {count}.</source>
      <translation>Das Modell {model} liest Kanal {band}, und der Layer {layer} hat {count}.</translation>
    </message>
    <message>
      <location filename="jobs/models/ground.py" />
      <source>Choose imagery that both models can read.</source>
      <translation>Wählen Sie Bilddaten, die beide Modelle lesen können.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Score two models on the same ground</source>
      <translation>Zwei Modelle auf demselben Gelände bewerten</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Copying the labels</source>
      <translation>Labels werden kopiert</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Scoring</source>
      <translation>Bewerten</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>The labelled area, or the labels, do not touch the imagery.</source>
      <translation>Das gelabelte Gebiet oder die Labels berühren die Bilddaten nicht.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Choose those of this imagery, or check the coordinate reference systems.</source>
      <translation>Wählen Sie die dieser Bilddaten, oder prüfen Sie die Koordinatenreferenzsysteme.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>The models were trained on all of this ground, so nothing is left that could judge them.</source>
      <translation>Die Modelle wurden auf diesem ganzen Gelände trainiert; es bleibt nichts, was sie beurteilen könnte.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Choose other ground, or count what they were trained on, too.</source>
      <translation>Wählen Sie anderes Gelände, oder zählen Sie auch das, worauf sie trainiert wurden.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>{model}: {sentence}</source>
      <translation>{model}: {sentence}</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>{task}: only {model} does it.</source>
      <translation>{task}: nur {model} tut das.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Only {model} knows {classes}, which is not compared.</source>
      <translation>Nur {model} kennt {classes}; das wird nicht verglichen.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Ground with labels of {values} counts nowhere: not both models know them.</source>
      <translation>Gelände mit Labels von {values} zählt nirgends: Nicht beide Modelle kennen sie.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Ground without a label counts nowhere, for not both models have a background.</source>
      <translation>Gelände ohne Label zählt nirgends, denn nicht beide Modelle haben einen Hintergrund.</translation>
    </message>
    <message>
      <location filename="jobs/models/scoring.py" />
      <source>Each is scored at its own ground sampling distance: {first} m and {second} m.</source>
      <translation>Jedes wird bei seiner eigenen Bodenauflösung bewertet: {first} m und {second} m.</translation>
    </message>
    <message>
      <location filename="jobs/models/shelf.py" />
      <source>registered</source>
      <translation>angemeldet</translation>
    </message>
    <message>
      <location filename="jobs/models/shelf.py" />
      <source>of a run</source>
      <translation>aus einem Lauf</translation>
    </message>
    <message>
      <location filename="jobs/models/shelf.py" />
      <source>in a folder</source>
      <translation>in einem Ordner</translation>
    </message>
    <message>
      <location filename="jobs/models/truth.py" />
      <source>No label is of a class that both models know: {classes}.</source>
      <translation>Kein Label ist von einer Klasse, die beide Modelle kennen: {classes}.</translation>
    </message>
    <message>
      <location filename="jobs/models/truth.py" />
      <source>Choose other labels, or their class field.</source>
      <translation>Wählen Sie andere Labels, oder ihr Klassenfeld.</translation>
    </message>
    <message>
      <location filename="jobs/models/truth.py" />
      <source>The layer {layer} lies where the imagery's coordinate reference system has no places.</source>
      <translation>Der Layer {layer} liegt, wo das Koordinatenreferenzsystem der Bilddaten keine Orte hat.</translation>
    </message>
    <message>
      <location filename="jobs/package_registry.py" />
      <source>The model package {path} is incomplete: it holds no network.</source>
      <translation>Das Modellpaket {path} ist unvollständig: Es enthält kein Netz.</translation>
    </message>
    <message>
      <location filename="jobs/package_registry.py" />
      <source>Copy it again, with {files}.</source>
      <translation>Kopieren Sie es noch einmal, mit {files}.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>Models (item.json *.zip *.onnx);;All files (*)</source>
      <translation>Modelle (item.json *.zip *.onnx);;Alle Dateien (*)</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>There is no model package at {text}.</source>
      <translation>Unter {text} gibt es kein Modellpaket.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>Choose a package's folder or zip.</source>
      <translation>Wählen Sie den Ordner oder die Zip-Datei eines Pakets.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>{path} is not a GeoDistil model package.</source>
      <translation>{path} ist kein Modellpaket von GeoDistil.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>A package holds {file} with a model card.</source>
      <translation>Ein Paket enthält {file} mit einer Modellkarte.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>The card of the model package {path} does not say its {what}.</source>
      <translation>Die Karte des Modellpakets {path} sagt nichts über {what}.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>Export the model again.</source>
      <translation>Exportieren Sie das Modell noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>The model package {package} is incomplete.</source>
      <translation>Das Modellpaket {package} ist unvollständig.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>Copy it again.</source>
      <translation>Kopieren Sie es noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>The folder {target} cannot be written: {reason}.</source>
      <translation>Der Ordner {target} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>The run in {folder} has another teacher than {package}.</source>
      <translation>Der Lauf in {folder} hat ein anderes Lehrernetz als {package}.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>The run in {folder} started from another model than {package}.</source>
      <translation>Der Lauf in {folder} hat mit einem anderen Modell als {package} begonnen.</translation>
    </message>
    <message>
      <location filename="jobs/packages.py" />
      <source>Choose another run folder.</source>
      <translation>Wählen Sie einen anderen Laufordner.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>The folder {folder} is in use: process {pid} on {host} works there.</source>
      <translation>Der Ordner {folder} wird benutzt: Prozess {pid} auf {host} arbeitet darin.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>Let it end, or stop it in the runs dock, then start again.</source>
      <translation>Warten Sie sein Ende ab oder halten Sie ihn im Fenster der Läufe an, dann starten Sie erneut.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>The engine's Python {python} cannot be started: {reason}.</source>
      <translation>Das Python {python} der Engine lässt sich nicht starten: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>The engine was killed, most likely because the memory ran out.</source>
      <translation>Die Engine wurde beendet, höchstwahrscheinlich weil der Speicher nicht reichte.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>Lower the batch size or the chip size.</source>
      <translation>Verkleinern Sie den Batch oder die Ausschnitte.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>The engine died with exit code {code}.</source>
      <translation>Die Engine ist mit dem Exit-Code {code} abgestürzt.</translation>
    </message>
    <message>
      <location filename="jobs/process.py" />
      <source>The log's last lines say where.</source>
      <translation>Die letzten Zeilen des Protokolls sagen, wo.</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>detection</source>
      <translation>Detektion</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>segmentation</source>
      <translation>Segmentierung</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>regression</source>
      <translation>Regression</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>unlabelled</source>
      <translation>ohne Labels</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>network</source>
      <translation>Netz</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>teacher</source>
      <translation>Lehrernetz</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>detection teacher</source>
      <translation>Detektionslehrer</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>segmentation teacher</source>
      <translation>Segmentierungslehrer</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>first teacher</source>
      <translation>erster Lehrer</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>second teacher</source>
      <translation>zweiter Lehrer</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>teachers and student</source>
      <translation>Lehrernetze und Schülernetz</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>training</source>
      <translation>Training</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>pretraining</source>
      <translation>Vortraining</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>packaging</source>
      <translation>Modell schreiben</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>sum</source>
      <translation>Summe</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>total</source>
      <translation>gesamt</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>step</source>
      <translation>Schritt</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>true positive</source>
      <translation>richtig gefunden</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>false positive</source>
      <translation>falsch gefunden</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>missed</source>
      <translation>verpasst</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>right</source>
      <translation>richtig</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>another class</source>
      <translation>andere Klasse</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>No label of {names} lies on the ground that counts, so it has no score and is in no mean.</source>
      <translation>Auf dem Gelände, das zählt, liegt kein Label von {names}; ohne Label gibt es kein Gütemaß und keinen Anteil an einem Mittelwert.</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>{minutes:.0f} min</source>
      <translation>{minutes:.0f} min</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>The engine works on {device} (process {pid}).</source>
      <translation>Die Engine rechnet auf {device} (Prozess {pid}).</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>the processor</source>
      <translation>dem Prozessor</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>Stage {index} of {of}: {name}</source>
      <translation>Stufe {index} von {of}: {name}</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>{stage} {step} of {of}</source>
      <translation>{stage}: {step} von {of}</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>, about {duration} left</source>
      <translation>, noch etwa {duration}</translation>
    </message>
    <message>
      <location filename="jobs/progress.py" />
      <source>{network} after {step} steps: {names}</source>
      <translation>{network} nach {step} Schritten: {names}</translation>
    </message>
    <message>
      <location filename="jobs/reading.py" />
      <source>The features of {name} cannot be read: its server does not answer, or broke off.</source>
      <translation>Die Objekte von {name} lassen sich nicht lesen: Der Server antwortet nicht oder brach ab.</translation>
    </message>
    <message>
      <location filename="jobs/reading.py" />
      <source>See that the server can be reached, then try again.</source>
      <translation>Sorgen Sie dafür, dass der Server erreichbar ist, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/reference_systems.py" />
      <source>QGIS has lost the definition of {layer}'s coordinate reference system.</source>
      <translation>QGIS hat die Definition des Koordinatenbezugssystems von {layer} verloren.</translation>
    </message>
    <message>
      <location filename="jobs/reference_systems.py" />
      <source>Restart QGIS, or set it again in the layer's properties.</source>
      <translation>Starten Sie QGIS neu, oder wählen Sie es in den Eigenschaften des Layers noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>The folder {folder} holds a run with other layers or settings ({what}).</source>
      <translation>Der Ordner {folder} enthält einen Lauf mit anderen Layern oder Einstellungen ({what}).</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>Choose another folder, or the same layers and settings to continue that run.</source>
      <translation>Wählen Sie einen anderen Ordner, oder dieselben Layer und Einstellungen, um jenen Lauf fortzusetzen.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>The run file {path} is broken, so the run cannot go on.</source>
      <translation>Die Laufdatei {path} ist beschädigt, der Lauf kann daher nicht fortgesetzt werden.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>Choose another folder.</source>
      <translation>Wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>The layer {layer} is a web service without labels: nothing says which part to learn from.</source>
      <translation>Der Layer {layer} ist ein Webdienst ohne Labels: Nichts sagt, aus welchem Teil gelernt werden soll.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>Give the extent that is fetched of web services.</source>
      <translation>Geben Sie die Ausdehnung an, die von Webdiensten geholt wird.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>Choose a smaller extent or larger pixels, or fetch it first with Fetch imagery.</source>
      <translation>Wählen Sie eine kleinere Ausdehnung oder größere Pixel, oder holen Sie es vorher mit „Bilddaten holen“.</translation>
    </message>
    <message>
      <location filename="jobs/run_folder.py" />
      <source>The run folder {folder} cannot be written: {reason}.</source>
      <translation>Der Laufordner {folder} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{path} is missing or cannot be read.</source>
      <translation>{path} fehlt oder lässt sich nicht lesen.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>Put it back, or leave imagery out.</source>
      <translation>Legen Sie es zurück, oder lassen Sie die Bilddaten weg.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{first} names {other} by its absolute path, which leads nowhere on another machine.</source>
      <translation>{first} nennt {other} mit absolutem Pfad, der auf einem anderen Rechner ins Leere führt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>Build the virtual raster again with relative paths, or leave imagery out.</source>
      <translation>Legen Sie das virtuelle Raster mit relativen Pfaden neu an, oder lassen Sie die Bilddaten weg.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{run} is no run folder.</source>
      <translation>{run} ist kein Laufordner.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>Choose another.</source>
      <translation>Wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{path} cannot be packed: {reason}.</source>
      <translation>{path} kann nicht gepackt werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{file} is not a zip, or is damaged.</source>
      <translation>{file} ist keine Zip-Datei oder beschädigt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>Export the run again.</source>
      <translation>Exportieren Sie den Lauf noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{path} cannot be unpacked: {reason}.</source>
      <translation>{path} kann nicht entpackt werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>There is no {run_file} in {file}.</source>
      <translation>In {file} fehlt {run_file}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>Choose a zip of a run folder.</source>
      <translation>Wählen Sie die Zip-Datei eines Laufordners.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>{file} has the unsafe entry {path}.</source>
      <translation>{file} enthält den unsicheren Eintrag {path}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>The {run_file} in {file} is damaged.</source>
      <translation>{run_file} in {file} ist beschädigt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/archive.py" />
      <source>The run needs {needed} GB and {parent} has {free} GB left.</source>
      <translation>Der Lauf braucht {needed} GB, und {parent} hat noch {free} GB.</translation>
    </message>
    <message>
      <location filename="jobs/runs/files.py" />
      <source>{folder} is no run folder.</source>
      <translation>{folder} ist kein Laufordner.</translation>
    </message>
    <message>
      <location filename="jobs/runs/files.py" />
      <source>Nothing was deleted.</source>
      <translation>Nichts wurde gelöscht.</translation>
    </message>
    <message>
      <location filename="jobs/runs/files.py" />
      <source>Close what uses it and delete again.</source>
      <translation>Schließen Sie, was ihn benutzt, und löschen Sie noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>mean IoU</source>
      <translation>mittlerer IoU</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>IoU</source>
      <translation>IoU</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>{title}: no values yet</source>
      <translation>{title}: noch keine Werte</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>Sum of losses</source>
      <translation>Summe der Verluste</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>Main scores</source>
      <translation>Wichtigste Gütemaße</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>{task} losses</source>
      <translation>Verluste der {task}</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>{task} scores</source>
      <translation>Gütemaße der {task}</translation>
    </message>
    <message>
      <location filename="jobs/runs/history.py" />
      <source>{task}: {score} by class</source>
      <translation>{task}: {score} je Klasse</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Not started</source>
      <translation>Nicht gestartet</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Waiting</source>
      <translation>Wartet</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Copying</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Starting</source>
      <translation>Startet</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Running</source>
      <translation>Läuft</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Predicting</source>
      <translation>Sagt vorher</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Stopping</source>
      <translation>Hält an</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Stopped</source>
      <translation>Angehalten</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Interrupted</source>
      <translation>Unterbrochen</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Failed</source>
      <translation>Gescheitert</translation>
    </message>
    <message>
      <location filename="jobs/runs/state.py" />
      <source>Finished</source>
      <translation>Fertig</translation>
    </message>
    <message>
      <location filename="jobs/runs/tracker.py" />
      <source>Reading the run</source>
      <translation>Lesen des Laufs</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>The engine's Python {python} cannot be started.</source>
      <translation>Das Python {python} der Engine lässt sich nicht starten.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>The waiting list {path} is in use.</source>
      <translation>Die Warteliste {path} wird gerade benutzt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>Try again in a moment.</source>
      <translation>Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>The waiting list {path} cannot be written: {reason}.</source>
      <translation>Die Warteliste {path} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>The run folder {run} cannot be written: {reason}.</source>
      <translation>Der Laufordner {run} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>{run} cannot be written: {reason}.</source>
      <translation>{run} kann nicht geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>{state} does not run on this machine.</source>
      <translation>{state} läuft nicht auf diesem Rechner.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>End it on {host}.</source>
      <translation>Beenden Sie ihn auf {host}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/waiting.py" />
      <source>{state} is another user's, and cannot be ended.</source>
      <translation>{state} gehört einem anderen Benutzer und kann nicht beendet werden.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>, {left} left</source>
      <translation>, noch {left}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Waiting ({place})</source>
      <translation>Wartet ({place})</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>{device} on {host}</source>
      <translation>{device} auf {host}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>{text}, {speed:.0f} chips a second</source>
      <translation>{text}, {speed:.0f} Ausschnitte je Sekunde</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Prediction after the training (rasters: {number})</source>
      <translation>Vorhersage nach dem Training (Raster: {number})</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Reading the data</source>
      <translation>Liest die Daten</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source> ({index} of {stage_count})</source>
      <translation> ({index} von {stage_count})</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>{text}, step {step} of {of}</source>
      <translation>{text}, Schritt {step} von {of}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Start it here, or copy its folder to another machine.</source>
      <translation>Starten Sie ihn hier, oder kopieren Sie seinen Ordner auf einen anderen Rechner.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It starts as soon as its device is free.</source>
      <translation>Er startet, sobald sein Gerät frei ist.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>The model is trained: {scores}</source>
      <translation>Das Modell ist trainiert: {scores}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Damaged lines in its log, left out: {count}.</source>
      <translation>Beschädigte Zeilen im Protokoll, ausgelassen: {count}.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>What {server} has not got yet is copied there.</source>
      <translation>Was {server} noch nicht hat, wird dorthin kopiert.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>The model and its report are copied back from {server}.</source>
      <translation>Das Modell und sein Bericht werden von {server} zurückkopiert.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It waits in the queue of {server} (job {job}).</source>
      <translation>Er wartet in der Warteschlange von {server} (Auftrag {job}).</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>The engine is loading.</source>
      <translation>Die Engine lädt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>The model and its report are being written.</source>
      <translation>Das Modell und sein Bericht werden geschrieben.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Its process ended without a word: killed, out of memory, or the machine went off. {resume}</source>
      <translation>Sein Prozess endete ohne ein Wort: von außen beendet, Speicher voll oder Rechner aus. {resume}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>The engine ended before it began; its log says more.</source>
      <translation>Die Engine endete, bevor sie anfing; ihr Protokoll sagt mehr.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It failed without saying why.</source>
      <translation>Er ist gescheitert und sagt nicht, warum.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It was asked to stop. {resume}</source>
      <translation>Er wurde angehalten. {resume}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It ends after the windows it has begun; what is predicted is kept.</source>
      <translation>Sie endet nach den begonnenen Fenstern; was vorhergesagt ist, bleibt.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It ends after writing a checkpoint.</source>
      <translation>Er endet, sobald ein Zwischenstand geschrieben ist.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Its prediction failed: {message}</source>
      <translation>Seine Vorhersage ist gescheitert: {message}</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Nothing is predicted yet.</source>
      <translation>Vorhergesagt ist noch nichts.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>Its prediction broke off, and can go on from there.</source>
      <translation>Die Vorhersage brach ab und kann von dort weitergehen.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>There is no checkpoint yet; it will begin anew.</source>
      <translation>Es gibt noch keinen Zwischenstand; er beginnt von vorn.</translation>
    </message>
    <message>
      <location filename="jobs/runs/words.py" />
      <source>It can go on from step {step} of {stage}.</source>
      <translation>Er kann bei Schritt {step} der Stufe {stage} weitermachen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/cargo.py" />
      <source>{first} names {other}, which cannot be copied.</source>
      <translation>{first} verweist auf {other}, was nicht kopiert werden kann.</translation>
    </message>
    <message>
      <location filename="jobs/servers/cargo.py" />
      <source>Put it back, or build the virtual raster again.</source>
      <translation>Legen Sie die Datei zurück oder erzeugen Sie das virtuelle Raster neu.</translation>
    </message>
    <message>
      <location filename="jobs/servers/following.py" />
      <source>The copying was cancelled; it goes on from there.</source>
      <translation>Das Kopieren wurde abgebrochen; es geht von dort weiter.</translation>
    </message>
    <message>
      <location filename="jobs/servers/following.py" />
      <source>Following the run</source>
      <translation>Verfolgen des Laufs</translation>
    </message>
    <message>
      <location filename="jobs/servers/following.py" />
      <source>there is no package engine</source>
      <translation>es gibt kein Paket engine</translation>
    </message>
    <message>
      <location filename="jobs/servers/following.py" />
      <source>It was stopped before it began.</source>
      <translation>Er wurde angehalten, bevor er begann.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>Give the server a name.</source>
      <translation>Geben Sie dem Server einen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>There is a server {name} already; choose another name.</source>
      <translation>Es gibt schon einen Server {name}; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>Give the server's address, for example gpu-box.example.org, or its name in SSH's settings.</source>
      <translation>Geben Sie die Adresse des Servers an, zum Beispiel gpu-box.example.org, oder seinen Namen in den SSH-Einstellungen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>A user's name has no spaces, slashes or quotes.</source>
      <translation>Ein Benutzername hat keine Leerzeichen, Schrägstriche oder Anführungszeichen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>Give the folder's whole path there, or one that begins with ~/.</source>
      <translation>Geben Sie den ganzen Pfad des Ordners dort an oder einen, der mit ~/ beginnt.</translation>
    </message>
    <message>
      <location filename="jobs/servers/server.py" />
      <source>Say how the engine's Python is started there, for example {python}.</source>
      <translation>Sagen Sie, wie das Python der Engine dort gestartet wird, zum Beispiel {python}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The host key of {server} is not known here yet.</source>
      <translation>Der Hostschlüssel von {server} ist hier noch nicht bekannt.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Press Test in Settings &gt; Options &gt; GeoDistil servers to look at it.</source>
      <translation>Drücken Sie Testen unter Einstellungen &gt; Optionen &gt; GeoDistil-Server, um ihn anzusehen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>There is no host {host}, the address of the server {server}.</source>
      <translation>Es gibt keinen Host {host}, die Adresse des Servers {server}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Correct the address, or connect to the network that knows it.</source>
      <translation>Berichtigen Sie die Adresse oder verbinden Sie sich mit dem Netzwerk, das sie kennt.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The server {server} does not answer at {host}: {reason}.</source>
      <translation>Der Server {server} antwortet unter {host} nicht: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Check address and port, and whether it is on and reachable from here.</source>
      <translation>Prüfen Sie Adresse und Port und ob er eingeschaltet und von hier erreichbar ist.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The connection to {server} ended: {reason}.</source>
      <translation>Die Verbindung zu {server} endete: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Try again, or test it with ssh in a terminal.</source>
      <translation>Versuchen Sie es noch einmal oder testen Sie sie mit ssh in einem Terminal.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The server {server} has no Python that starts with {python}: {reason}.</source>
      <translation>Der Server {server} hat kein Python, das mit {python} startet: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Correct how Python is started there, or set the engine up there as the guide's page Servers says.</source>
      <translation>Berichtigen Sie, wie Python dort gestartet wird, oder richten Sie die Engine dort ein, wie es die Seite „Servers“ der Anleitung sagt.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The Python {python} on {server} has no engine: {reason}.</source>
      <translation>Das Python {python} auf {server} hat keine Engine: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Install it there as the guide's page Servers says, or name the Python that has it.</source>
      <translation>Installieren Sie sie dort, wie es die Seite „Servers“ der Anleitung sagt, oder nennen Sie das Python, das sie hat.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The connection to {server} broke off.</source>
      <translation>Die Verbindung zu {server} ist abgebrochen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The disk of {server} is full at {path}.</source>
      <translation>Der Datenträger von {server} ist bei {path} voll.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Make room there, then start the run again: what is copied already is not copied again.</source>
      <translation>Schaffen Sie dort Platz und starten Sie den Lauf noch einmal: Was schon kopiert ist, wird nicht noch einmal kopiert.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>On {server}: {reason}.</source>
      <translation>Auf {server}: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Correct how it is described among the servers.</source>
      <translation>Berichtigen Sie seine Beschreibung unter den Servern.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>On {server}, {path} cannot be read or written: {reason}.</source>
      <translation>Auf {server} kann {path} nicht gelesen oder geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Choose another folder there, or have its rights changed.</source>
      <translation>Wählen Sie dort einen anderen Ordner oder lassen Sie seine Rechte ändern.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>On {server}, {folder} has {free} GB free, and the run's files need {needed} GB.</source>
      <translation>Auf {server} hat {folder} noch {free} GB frei, und die Dateien des Laufs brauchen {needed} GB.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Make room there, or choose another folder.</source>
      <translation>Schaffen Sie dort Platz oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The server {server} is not among the servers any more.</source>
      <translation>Der Server {server} ist nicht mehr unter den Servern.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Add it again in Settings &gt; Options &gt; GeoDistil servers.</source>
      <translation>Fügen Sie ihn unter Einstellungen &gt; Optionen &gt; GeoDistil-Server wieder hinzu.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>it gave no reason</source>
      <translation>ohne Angabe eines Grundes</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The host key of {server} is not the one that was accepted, so nothing was sent there.</source>
      <translation>Der Hostschlüssel von {server} ist nicht der, der angenommen wurde; deshalb wurde nichts dorthin gesendet.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Ask whoever runs it whether its key was changed.</source>
      <translation>Fragen Sie, wer ihn betreibt, ob sein Schlüssel geändert wurde.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>If so, remove line {line} of {file}, then press Test.</source>
      <translation>Wenn ja, entfernen Sie Zeile {line} von {file} und drücken dann Testen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The key file {file} cannot be used: {reason}.</source>
      <translation>Die Schlüsseldatei {file} kann nicht verwendet werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Choose the private key's file, or leave it empty to ask the agent.</source>
      <translation>Wählen Sie die Datei des privaten Schlüssels oder lassen Sie das Feld leer, um den Agenten zu fragen.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The server {server} accepts no key of {user}.</source>
      <translation>Der Server {server} nimmt keinen Schlüssel von {user} an.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Add your public key there (ssh-copy-id), or load a key with a passphrase into the agent (ssh-add).</source>
      <translation>Fügen Sie Ihren öffentlichen Schlüssel dort hinzu (ssh-copy-id) oder laden Sie einen Schlüssel mit Passphrase in den Agenten (ssh-add).</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>yours</source>
      <translation>Ihnen</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>The program {program} is not installed.</source>
      <translation>Das Programm {program} ist nicht installiert.</translation>
    </message>
    <message>
      <location filename="jobs/servers/ssh.py" />
      <source>Install the OpenSSH client: package openssh-client, or Optional features of Windows' settings.</source>
      <translation>Installieren Sie den OpenSSH-Client: das Paket openssh-client oder „Optionale Features“ in den Windows-Einstellungen.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>The features of {layer} cannot be written to {path}: {message}.</source>
      <translation>Die Objekte von {layer} können nicht nach {path} geschrieben werden: {message}.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>The layer {layer} ({provider}) is not a raster file.</source>
      <translation>Der Layer {layer} ({provider}) ist keine Rasterdatei.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>Fetch the part that you need with Fetch imagery, and choose that layer.</source>
      <translation>Holen Sie den Teil, den Sie brauchen, mit Bilddaten holen, und wählen Sie jenen Layer.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>Save it as GeoTIFF with Export &gt; Save As and choose that layer.</source>
      <translation>Speichern Sie ihn mit Exportieren &gt; Speichern als als GeoTIFF, und wählen Sie jenen Layer.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>The layer {layer} has no features.</source>
      <translation>Der Layer {layer} hat keine Objekte.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>Choose another or its filter.</source>
      <translation>Wählen Sie einen anderen, oder ändern Sie seinen Filter.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>The layer {layer} has no coordinate reference system.</source>
      <translation>Der Layer {layer} hat kein Koordinatenbezugssystem.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>Set it with Layer &gt; Set CRS, in the file itself for rasters.</source>
      <translation>Setzen Sie es mit Layer &gt; KBS von Layer(n) setzen, bei Rastern in der Datei selbst.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>The layer {layer} is shown in {shown}, but its file says {own}. Write the right one into the file with Raster &gt; Projections &gt; Assign Projection, and add it again.</source>
      <translation>Der Layer {layer} wird in {shown} gezeigt, in seiner Datei steht aber {own}. Schreiben Sie das richtige KBS mit Raster &gt; Projektionen &gt; Projektion zuweisen in die Datei und fügen Sie sie neu hinzu.</translation>
    </message>
    <message>
      <location filename="jobs/snapshots.py" />
      <source>no coordinate reference system</source>
      <translation>kein Koordinatenbezugssystem</translation>
    </message>
    <message>
      <location filename="jobs/sources/draft.py" />
      <source>All {role} classes are left out; keep at least one.</source>
      <translation>Alle Klassen der {role} sind weggelassen; behalten Sie mindestens eine.</translation>
    </message>
    <message>
      <location filename="jobs/sources/draft.py" />
      <source>A {role} class has no name.</source>
      <translation>Eine Klasse der {role} hat keinen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/draft.py" />
      <source>Two {role} classes are called {twice}: merge them or rename one.</source>
      <translation>Zwei Klassen der {role} heißen {twice}: Legen Sie sie zusammen, oder benennen Sie eine um.</translation>
    </message>
    <message>
      <location filename="jobs/sources/draft.py" />
      <source>There is only the class {name} and no background, so there is nothing to tell apart.</source>
      <translation>Es gibt nur die Klasse {name} und keinen Hintergrund, also nichts zu unterscheiden.</translation>
    </message>
    <message>
      <location filename="jobs/sources/exporting.py" />
      <source>Fetch {layer}</source>
      <translation>{layer} holen</translation>
    </message>
    <message>
      <location filename="jobs/sources/exporting.py" />
      <source>The layer {name} has no picture of this extent: it is empty there, or its server does not answer.</source>
      <translation>Der Layer {name} hat kein Bild dieser Ausdehnung: Er ist dort leer, oder sein Server antwortet nicht.</translation>
    </message>
    <message>
      <location filename="jobs/sources/exporting.py" />
      <source>Look at it on the map, then try again.</source>
      <translation>Sehen Sie ihn sich auf der Karte an, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/sources/exporting.py" />
      <source>Exporting {layer}…</source>
      <translation>{layer} wird exportiert…</translation>
    </message>
    <message>
      <location filename="jobs/sources/exporting.py" />
      <source>The layer {name} cannot be exported to {path}.</source>
      <translation>Der Layer {name} kann nicht nach {path} exportiert werden.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>by what a step takes</source>
      <translation>nach der Dauer eines Schritts</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>What the student learns from its teachers</source>
      <translation>Was das Schülernetz von seinen Lehrernetzen lernt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>With none of these no teacher is trained.</source>
      <translation>Ist nichts davon gewählt, wird kein Lehrernetz trainiert.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Answers</source>
      <translation>Antworten</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The student learns the teacher's probabilities, not only its decisions: how sure it is, and what it would otherwise have said. Cheap, and nearly always worth it. (arXiv 2405.15394)</source>
      <translation>Das Schülernetz lernt die Wahrscheinlichkeiten des Lehrernetzes, nicht nur seine Entscheidungen: wie sicher es ist und was es sonst gesagt hätte. Kostet wenig und lohnt sich fast immer. (arXiv 2405.15394)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Features</source>
      <translation>Merkmale</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The student's inner picture of the image is drawn towards the teacher's. Helps a student that is much smaller than its teacher; costs memory. (arXiv 1412.6550)</source>
      <translation>Das innere Bild des Schülernetzes wird an das des Lehrernetzes herangezogen. Hilft einem Schülernetz, das viel kleiner ist als sein Lehrernetz; kostet Speicher. (arXiv 1412.6550)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Features where answers differ (PDF-Distil)</source>
      <translation>Merkmale, wo die Antworten sich unterscheiden (PDF-Distil)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>As features, but weighted by where student and teacher disagree, which in aerial imagery is mostly the small objects. (BMVC 2021)</source>
      <translation>Wie Merkmale, aber danach gewichtet, wo Schüler- und Lehrernetz sich uneins sind; in Luftbildern sind das meist die kleinen Objekte. (BMVC 2021)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Features and answers where answers differ (PDF-Distil, all terms)</source>
      <translation>Merkmale und Antworten, wo die Antworten sich unterscheiden (PDF-Distil, alle Terme)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>PDF-Distil with its additional terms on the boxes themselves. (BMVC 2021)</source>
      <translation>PDF-Distil mit seinen zusätzlichen Termen auf den Boxen selbst. (BMVC 2021)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Patterns of features (PKD)</source>
      <translation>Muster der Merkmale (PKD)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Only the pattern of the teacher's features counts, not their size, so that networks of different kinds can teach each other. (arXiv 2207.02039)</source>
      <translation>Nur das Muster der Merkmale des Lehrernetzes zählt, nicht ihre Größe; so können Netze verschiedener Bauart einander lehren. (arXiv 2207.02039)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Answers through the teacher's head (CrossKD)</source>
      <translation>Antworten durch den Kopf des Lehrernetzes (CrossKD)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The student's features go through the teacher's detection head and must be answered as the teacher does; for boxes. (arXiv 2306.11369)</source>
      <translation>Die Merkmale des Schülernetzes gehen durch den Detektionskopf des Lehrernetzes und müssen dessen Antworten ergeben; für Boxen. (arXiv 2306.11369)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Compare answers on boxes</source>
      <translation>Antworten zu Boxen vergleichen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Where the student's answer on boxes is held against its teacher's.</source>
      <translation>Wo die Antwort des Schülernetzes zu Boxen an der des Lehrernetzes gemessen wird.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>where the teacher finds something</source>
      <translation>wo das Lehrernetz etwas findet</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Background elsewhere. (arXiv 2207.02541)</source>
      <translation>Sonst Hintergrund. (arXiv 2207.02541)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>everywhere</source>
      <translation>überall</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Also how unsure it is of background. (arXiv 2006.04388)</source>
      <translation>Auch wie unsicher es sich beim Hintergrund ist. (arXiv 2006.04388)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Compare answers on areas by</source>
      <translation>Antworten auf Flächen vergleichen nach</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>How far the student's answer on areas is from its teacher's.</source>
      <translation>Wie weit die Antwort des Schülernetzes auf Flächen von der seines Lehrernetzes entfernt ist.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>divergence of each pixel's probabilities</source>
      <translation>Divergenz der Wahrscheinlichkeiten jedes Pixels</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The usual form. (arXiv 1503.02531)</source>
      <translation>Die übliche Form. (arXiv 1503.02531)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>correlation of classes (DIST)</source>
      <translation>Korrelation der Klassen (DIST)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>For teachers much larger. (arXiv 2205.10536)</source>
      <translation>Für viel größere Lehrernetze. (arXiv 2205.10536)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>each class's map as a whole (CWD)</source>
      <translation>Karte jeder Klasse als Ganzes (CWD)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>For few, small things. (arXiv 2011.13256)</source>
      <translation>Für wenige, kleine Dinge. (arXiv 2011.13256)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Temperature</source>
      <translation>Temperatur</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Above 1 the teacher's second and third guesses on areas count more. (arXiv 1503.02531)</source>
      <translation>Über 1 zählen auf Flächen auch die zweiten und dritten Vermutungen des Lehrernetzes mehr. (arXiv 1503.02531)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Also where there are labels</source>
      <translation>Auch, wo es Labels gibt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The teacher speaks on a raster's own task too, not only on the one that it has no labels for.</source>
      <translation>Das Lehrernetz spricht auch bei der Aufgabe, für die ein Raster gelabelt ist, nicht nur bei der ohne Labels.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Listen to better teachers only</source>
      <translation>Nur auf bessere Lehrer hören</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>On the validation ground a teacher must be better than the student by this much (AP50, IoU) to be heard in full, class by class; one that is no better is not heard. 0: it always is.</source>
      <translation>Auf der Validierungsfläche muss ein Lehrer um so viel besser sein als der Schüler (AP50, IoU), um voll zu zählen, Klasse für Klasse; einer, der nicht besser ist, zählt nicht. 0: Er zählt immer.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Teachers look at mirror images, too</source>
      <translation>Lehrer sehen auch Spiegelbilder</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Their answer is the mean over a chip and its three mirror images: surer, and four times the work.</source>
      <translation>Ihre Antwort ist das Mittel über einen Ausschnitt und seine drei Spiegelbilder: sicherer, und vier Mal so viel Arbeit.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Teachers no surer than they are right</source>
      <translation>Lehrer nicht sicherer, als sie richtig liegen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>On the validation ground it is measured how sure their answers may be. (arXiv 1706.04599)</source>
      <translation>Auf dem Validierungsgelände wird gemessen, wie sicher ihre Antworten sein dürfen. (arXiv 1706.04599)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Less where a teacher's answers disagree</source>
      <translation>Weniger, wo die Antworten eines Lehrers sich widersprechen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Of mirror images, or of several teachers: what they dispute teaches the student less. (arXiv 1612.01474)</source>
      <translation>Antworten auf Spiegelbilder oder von mehreren Lehrern: Was zwischen ihnen strittig ist, lehrt den Schüler weniger. (arXiv 1612.01474)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Networks of one task see all imagery</source>
      <translation>Netze einer Aufgabe sehen alle Bilder</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Also that without labels for them: they learn nothing from it but how it looks.</source>
      <translation>Auch die ohne Beschriftungen für sie: Sie lernen daraus nur, wie sie aussehen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Teachers go on learning</source>
      <translation>Lehrernetze lernen weiter</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Beside the student, instead of staying as they are once they have learned. (arXiv 2402.05305)</source>
      <translation>Neben dem Schülernetz, statt zu bleiben, wie sie sind, sobald sie gelernt haben. (arXiv 2402.05305)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Moving averages teach</source>
      <translation>Gleitende Mittel lehren</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Of teachers that go on learning: steadier than they are themselves. (Mean Teacher, arXiv 1703.01780)</source>
      <translation>Von Lehrernetzen, die weiterlernen: stetiger als sie selbst. (Mean Teacher, arXiv 1703.01780)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Labels help the other task</source>
      <translation>Labels helfen der anderen Aufgabe</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Areas give boxes of the class of the same name, and boxes bound where its areas can be. (arXiv 1503.01640)</source>
      <translation>Flächen ergeben Boxen der gleichnamigen Klasse, und Boxen begrenzen, wo deren Flächen sein können. (arXiv 1503.01640)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Only where both teachers agree</source>
      <translation>Nur, wo beide Lehrernetze übereinstimmen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Ground that the two teachers see differently teaches the student nothing. (arXiv 2402.05305)</source>
      <translation>Gelände, das die beiden Lehrernetze verschieden sehen, lehrt das Schülernetz nichts. (arXiv 2402.05305)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Surest pseudo-labels only, from</source>
      <translation>Nur die sichersten Pseudo-Labels, ab</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>A teacher's answer counts as a label only from this probability on. (FixMatch, arXiv 2001.07685)</source>
      <translation>Die Antwort eines Lehrernetzes zählt erst ab dieser Wahrscheinlichkeit als Label. (FixMatch, arXiv 2001.07685)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>What pseudo-labels must reach</source>
      <translation>Was Pseudo-Labels erreichen müssen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>How sure an answer on unlabelled ground must be to count as a label.</source>
      <translation>Wie sicher eine Antwort auf Boden ohne Labels sein muss, um als Label zu zählen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>one probability for all classes</source>
      <translation>eine Wahrscheinlichkeit für alle Klassen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>what teachers reach, class by class</source>
      <translation>was Lehrernetze erreichen, je Klasse</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Rises as they get surer, and is lower for rare classes; the probability given is not used. (FreeMatch, arXiv 2205.07246)</source>
      <translation>Steigt, während sie sicherer werden, und ist für seltene Klassen niedriger; die angegebene Wahrscheinlichkeit zählt dann nicht. (FreeMatch, arXiv 2205.07246)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Chips without labels come from</source>
      <translation>Ausschnitte ohne Labels kommen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Where imagery without labels is looked at while training.</source>
      <translation>Wo Bilddaten ohne Labels beim Training betrachtet werden.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>anywhere</source>
      <translation>von überall</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>where teachers disagree, half of them</source>
      <translation>zur Hälfte von dort, wo Lehrer sich uneins sind</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>With each other or, of one task each, with themselves on mirror images; the other half: anywhere.</source>
      <translation>Untereinander oder, bei je einer Aufgabe, mit sich selbst auf Spiegelbildern; die andere Hälfte: von überall.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Two views with complementary features</source>
      <translation>Zwei Ansichten mit Merkmalen, die sich ergänzen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The student sees unlabelled chips twice, each time with the half of its features that the other lacks. (UniMatch V2, arXiv 2410.10777)</source>
      <translation>Das Schülernetz sieht Ausschnitte ohne Labels zweimal, jedes Mal mit der Hälfte seiner Merkmale, die der anderen Ansicht fehlt. (UniMatch V2, arXiv 2410.10777)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Learn from distorted views</source>
      <translation>Aus verzerrten Ansichten lernen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Students see strong changes of colour and sharpness, teachers the plain image; for 1,000 steps or more. (arXiv 2001.07685)</source>
      <translation>Schülernetze sehen starke Änderungen von Farbe und Schärfe, Lehrernetze das schlichte Bild; ab 1.000 Schritten. (arXiv 2001.07685)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Chips with a part of another chip (CutMix)</source>
      <translation>Ausschnitte mit einem Teil eines anderen (CutMix)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>This share of the chips for areas is pasted together from two: few labels go further from 1,000 steps on. (arXiv 1906.01916)</source>
      <translation>Dieser Anteil der Ausschnitte für Flächen wird aus zweien zusammengesetzt: Wenige Labels reichen weiter, ab 1.000 Schritten. (arXiv 1906.01916)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Areas learn by</source>
      <translation>Flächen lernen nach</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>What each labelled pixel counts.</source>
      <translation>Was jedes gelabelte Pixel zählt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>all pixels alike (cross-entropy)</source>
      <translation>alle Pixel gleich (Kreuzentropie)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>pixels of rare classes more</source>
      <translation>Pixel seltener Klassen mehr</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Up to ten times as much.</source>
      <translation>Bis zum Zehnfachen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>unsure pixels more (focal)</source>
      <translation>unsichere Pixel mehr (Focal)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>(arXiv 1708.02002)</source>
      <translation>(arXiv 1708.02002)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>what the labels ask for</source>
      <translation>was die Labels verlangen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>By how much ground the classes cover: rare ones more, and the overlap (Dice) where one is scarce.</source>
      <translation>Danach, wie viel Gelände die Klassen bedecken: seltene mehr, und die Überlappung (Dice), wo eine knapp ist.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Weight of the overlap (Dice)</source>
      <translation>Gewicht der Überdeckung (Dice)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Counts how far areas overlap beside how many pixels are right; 1 for rare classes. (arXiv 1606.04797)</source>
      <translation>Zählt neben den richtigen Pixeln auch, wie weit sich Flächen überdecken; 1 für seltene Klassen. (arXiv 1606.04797)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Weight of connectedness (clDice)</source>
      <translation>Gewicht des Zusammenhangs (clDice)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Keeps roads and streams in one piece; 0.5 for them. (arXiv 2003.07311)</source>
      <translation>Hält Straßen und Bäche in einem Stück; 0,5 für sie. (arXiv 2003.07311)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Weight of what the model started from teaches</source>
      <translation>Gewicht dessen, was das Ausgangsmodell lehrt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Where labels say nothing of its classes it goes on teaching them, so that they are not forgotten; 1 is usual. Add the imagery that it was trained on as unlabelled, to keep them there, too. (Learning without Forgetting, arXiv 1606.09282)</source>
      <translation>Wo Labels über seine Klassen nichts sagen, lehrt es sie weiter, damit sie nicht vergessen werden; üblich ist 1. Geben Sie die Bilddaten, mit denen es trainiert wurde, ohne Labels dazu, damit sie auch dort bleiben. (Learning without Forgetting, arXiv 1606.09282)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>A vision transformer teaches what things look like</source>
      <translation>Ein Vision-Transformer lehrt, wie Dinge aussehen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>The student's encoder learns from one that has seen millions of images without labels (DINOv2), on all imagery; it wants a graphics card. (arXiv 2304.07193, 2312.06709)</source>
      <translation>Der Encoder des Schülernetzes lernt von einem, der Millionen Bilder ohne Labels gesehen hat (DINOv2), auf allen Bilddaten; dafür ist eine Grafikkarte ratsam. (arXiv 2304.07193, 2312.06709)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>no</source>
      <translation>nein</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>yes, weights fetched from the hub</source>
      <translation>ja, Gewichte vom Hub geholt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Once. run.json can name a file of weights instead.</source>
      <translation>Einmal. run.json kann stattdessen eine Datei mit Gewichten nennen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Weight of what it teaches</source>
      <translation>Gewicht dessen, was er lehrt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>How much the vision transformer's features count beside the other terms; 0: not at all.</source>
      <translation>Wie viel die Merkmale des Vision-Transformers neben den anderen Termen zählen; 0: gar nicht.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Rise of what teachers say</source>
      <translation>Anstieg dessen, was Lehrernetze sagen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Over this share of the student's training it grows to its full weight. (arXiv 1610.02242)</source>
      <translation>Über diesen Anteil des Trainings des Schülernetzes wächst es auf sein volles Gewicht. (arXiv 1610.02242)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Share of the time for teachers</source>
      <translation>Anteil der Zeit für Lehrernetze</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Each teacher learns for this share of the training time, before the student does.</source>
      <translation>Jedes Lehrernetz lernt für diesen Anteil der Trainingszeit, vor dem Schülernetz.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Both teachers learn from the labels alone for this share of the training time: untrained ones teach noise.</source>
      <translation>Beide Lehrernetze lernen für diesen Anteil der Trainingszeit allein aus den Labels: Untrainierte lehren Rauschen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Feature pyramid</source>
      <translation>Merkmalspyramide</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>What joins the encoder's levels; the second path helps small objects and costs time. (arXiv 1803.01534)</source>
      <translation>Was die Ebenen des Encoders verbindet; der zweite Weg hilft kleinen Objekten und kostet Zeit. (arXiv 1803.01534)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>from coarse to fine (FPN)</source>
      <translation>von grob nach fein (FPN)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>and back again (PAFPN)</source>
      <translation>und wieder zurück (PAFPN)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Boxes are found</source>
      <translation>Boxen werden gefunden</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Without anchors (FCOS, arXiv 1904.01355), or with them, as in the papers (RetinaNet, arXiv 1708.02002).</source>
      <translation>Ohne Anker (FCOS, arXiv 1904.01355), oder mit ihnen wie in den Arbeiten (RetinaNet, arXiv 1708.02002).</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>without anchors (FCOS)</source>
      <translation>ohne Anker (FCOS)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>with anchors (RetinaNet)</source>
      <translation>mit Ankern (RetinaNet)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Encoders begin</source>
      <translation>Encoder beginnen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Encoders that know photographs learn much faster. Small and medium ones came with the engine; others are fetched once from Hugging Face's hub.</source>
      <translation>Encoder, die Fotos kennen, lernen viel schneller. Die kleinen und mittleren kamen mit der Rechenumgebung, andere werden einmal aus dem Hub von Hugging Face geholt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>from photographs (ImageNet), where weights are at hand</source>
      <translation>mit Fotos (ImageNet), wo Gewichte zur Hand sind</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>from photographs, fetched from the hub</source>
      <translation>mit Fotos, aus dem Hub geholt</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>from nothing</source>
      <translation>von null</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Share of the time for looking at imagery first</source>
      <translation>Anteil der Zeit, um zuerst Bilddaten anzusehen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Before all else encoders learn to complete hidden parts of all imagery, without labels. (arXiv 2111.09886)</source>
      <translation>Vor allem anderen lernen Encoder, verdeckte Teile aller Bilddaten zu ergänzen, ohne Labels. (arXiv 2111.09886)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Standardise each raster by its own statistics</source>
      <translation>Jedes Raster nach seiner eigenen Statistik standardisieren</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>For rasters of several sensors or dates: each band by the raster's own mean and deviation, which is also done to what is predicted. Not for tiles of one flight, each of which shows other ground.</source>
      <translation>Für Raster mehrerer Sensoren oder Aufnahmetage: jeder Kanal nach Mittelwert und Standardabweichung des Rasters selbst, was auch mit dem geschieht, was vorhergesagt wird. Nicht für Kacheln einer Befliegung, von denen jede anderes Gelände zeigt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Share of chips made of four places</source>
      <translation>Anteil der Ausschnitte aus vier Orten</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>A chip for detection shows parts of four places of a raster side by side, so that few labels are seen in more company. (arXiv 2004.10934)</source>
      <translation>Ein Ausschnitt für die Detektion zeigt Teile von vier Orten eines Rasters nebeneinander, sodass wenige Labels in mehr Gesellschaft zu sehen sind. (arXiv 2004.10934)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Share of chips that get objects of other places</source>
      <translation>Anteil der Ausschnitte, die Objekte anderer Orte bekommen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Labelled objects of detection, those of rare classes first, are pasted where their raster has none, so that few of them are seen on much ground. (arXiv 2012.07177)</source>
      <translation>Gelabelte Objekte der Detektion, die seltener Klassen zuerst, werden dort eingesetzt, wo ihr Raster keine hat, sodass wenige davon auf viel Gelände zu sehen sind. (arXiv 2012.07177)</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Show all classes alike</source>
      <translation>Alle Klassen gleich zeigen</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>How far chips are chosen so that all classes are seen equally often, whatever else lies around the labels of rare ones. 0: around rare ones first.</source>
      <translation>Wie weit Ausschnitte so gewählt werden, dass alle Klassen gleich oft zu sehen sind, was auch immer sonst um die Labels seltener liegt. 0: um seltene zuerst.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Validate on mirror images, too</source>
      <translation>Auch auf Spiegelbildern validieren</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>Weights are chosen by what the network says of a chip and of its three mirror images together: steadier, and four times the work. Predict can do the same.</source>
      <translation>Gewichte werden danach gewählt, was das Netz zu einem Ausschnitt und seinen drei Spiegelbildern zusammen sagt: stetiger, bei vierfacher Arbeit. Vorhersagen kann dasselbe.</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>End a stage early after</source>
      <translation>Eine Stufe vorzeitig beenden nach</translation>
    </message>
    <message>
      <location filename="jobs/sources/options.py" />
      <source>So many validations in a row without a better score end a stage before its time is up; there are 8 unless a template says otherwise. 0: never.</source>
      <translation>So viele Validierungen hintereinander ohne besseres Gütemaß beenden eine Stufe, bevor ihre Zeit um ist; es gibt 8, wenn eine Vorlage nichts anderes sagt. 0: nie.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>Choose the folder that holds your runs.</source>
      <translation>Wählen Sie den Ordner für Ihre Läufe.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>Give the folder's whole path.</source>
      <translation>Geben Sie den ganzen Pfad des Ordners an.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>{existing} is a file; choose a folder.</source>
      <translation>{existing} ist eine Datei; wählen Sie einen Ordner.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>The folder {existing} cannot be written; choose another.</source>
      <translation>Der Ordner {existing} kann nicht geschrieben werden; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>Give the run a name.</source>
      <translation>Geben Sie dem Lauf einen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>There is {folder_name} in this folder already; choose another name.</source>
      <translation>In diesem Ordner gibt es {folder_name} schon; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/place.py" />
      <source>{existing} has {free} free, and the run needs about {needed}.</source>
      <translation>{existing} hat {free} frei, und der Lauf braucht etwa {needed}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/preparation.py" />
      <source>The layer of {path} is no longer in the project.</source>
      <translation>Der Layer von {path} ist nicht mehr im Projekt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/preparation.py" />
      <source>Fetching {layer}…</source>
      <translation>{layer} wird geholt…</translation>
    </message>
    <message>
      <location filename="jobs/sources/preparation.py" />
      <source>Copying labels…</source>
      <translation>Labels werden kopiert…</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{layer} has edits that are not saved: the run learns from what is on the screen.</source>
      <translation>{layer} hat ungespeicherte Änderungen: Der Lauf lernt aus dem, was zu sehen ist.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The rasters have different coordinate systems ({names}); each is read in its own, in metres.</source>
      <translation>Die Raster haben verschiedene Koordinatenbezugssysteme ({names}); jedes wird in seinem eigenen gelesen, in Metern.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{raster} has {gsd} m per pixel and the model {target} m: it is enlarged, and small things may not be in it.</source>
      <translation>{raster} hat {gsd} m je Pixel und das Modell {target} m: Es wird vergrößert, und Kleines ist vielleicht nicht darin.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{raster} has {gsd} m per pixel and is read at {target} m.</source>
      <translation>{raster} hat {gsd} m je Pixel und wird mit {target} m gelesen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The rasters have different numbers of bands ({names}); the colour bands are read.</source>
      <translation>Die Raster haben verschieden viele Kanäle ({names}); gelesen werden die Farbkanäle.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Only {names} say which value means no data; borders of the others count as imagery.</source>
      <translation>Nur {names} sagen, welcher Wert NoData bedeutet; Ränder der anderen zählen als Bilddaten.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>This raster is no longer in the project.</source>
      <translation>Dieses Raster ist nicht mehr im Projekt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer of these labels is no longer in the project; choose another.</source>
      <translation>Der Layer dieser Labels ist nicht mehr im Projekt; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer of this area is no longer in the project; choose another.</source>
      <translation>Der Layer dieses Gebiets ist nicht mehr im Projekt; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Add the imagery to learn from.</source>
      <translation>Fügen Sie die Bilddaten hinzu, aus denen gelernt werden soll.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Nothing is labelled yet: give at least one raster the role detection or segmentation, and its labels.</source>
      <translation>Noch ist nichts gelabelt: Geben Sie mindestens einem Raster die Rolle Detektion oder Segmentierung, und seine Labels.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Source {number}: {sentence}</source>
      <translation>Quelle {number}: {sentence}</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The raster {raster} has no coordinate reference system. Set it in the file with Raster &gt; Projections &gt; Assign Projection.</source>
      <translation>Das Raster {raster} hat kein Koordinatenbezugssystem. Setzen Sie es in der Datei mit Raster &gt; Projektionen &gt; Projektion zuweisen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{raster} is no file: choose the extent that is to be exported.</source>
      <translation>{raster} ist keine Datei: Wählen Sie die Ausdehnung, die exportiert werden soll.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The extent is empty.</source>
      <translation>Die Ausdehnung ist leer.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{raster} has no pixel size of its own: give one.</source>
      <translation>{raster} hat keine eigene Pixelgröße: Geben Sie eine an.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The export would have {columns} x {rows} pixels: choose a smaller extent or larger pixels.</source>
      <translation>Der Export hätte {columns} x {rows} Pixel: Wählen Sie eine kleinere Ausdehnung oder größere Pixel.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{labels} has points: give the side of the box around each, in metres.</source>
      <translation>{labels} hat Punkte: Geben Sie die Kantenlänge der Box um jeden an, in Metern.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{labels} has no field {field}.</source>
      <translation>{labels} hat kein Feld {field}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Choose the layer that has the labels.</source>
      <translation>Wählen Sie den Layer mit den Labels.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer {name} has no geometry.</source>
      <translation>Der Layer {name} hat keine Geometrie.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer {name} has no coordinate reference system: set it with Layer &gt; Set CRS.</source>
      <translation>Der Layer {name} hat kein Koordinatenbezugssystem: Setzen Sie es mit Layer &gt; KBS von Layer(n) setzen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{name} has lines; labels are areas. Buffer them to the width of what they show.</source>
      <translation>{name} hat Linien; Labels sind Flächen. Puffern Sie sie auf die Breite dessen, was sie zeigen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{name} is a raster; detection needs polygons or points.</source>
      <translation>{name} ist ein Raster; Detektion braucht Polygone oder Punkte.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{name} is no raster file. Save it as GeoTIFF with Export &gt; Save As and choose that layer.</source>
      <translation>{name} ist keine Rasterdatei. Speichern Sie ihn mit Exportieren &gt; Speichern als als GeoTIFF, und wählen Sie jenen Layer.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{name} has points; segmentation needs polygons or a class raster.</source>
      <translation>{name} hat Punkte; Segmentierung braucht Polygone oder ein Klassenraster.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Choose the layer that outlines the labelled area.</source>
      <translation>Wählen Sie den Layer, der das gelabelte Gebiet umgrenzt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{area} has no polygons; a labelled area is made of polygons.</source>
      <translation>{area} hat keine Polygone; ein gelabeltes Gebiet besteht aus Polygonen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer {area} has no coordinate reference system.</source>
      <translation>Der Layer {area} hat kein Koordinatenbezugssystem.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The field {field}</source>
      <translation>Das Feld {field}</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>The layer {labels}</source>
      <translation>Der Layer {labels}</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>{where} has more than {most} different values; choose a field of classes.</source>
      <translation>{where} hat mehr als {most} verschiedene Werte; wählen Sie ein Feld mit Klassen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>All {without_value} labels on this raster are without a value in this field.</source>
      <translation>Alle {without_value} Labels auf diesem Raster sind ohne Wert in diesem Feld.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>No label of {labels} lies on {raster}.</source>
      <translation>Kein Label von {labels} liegt auf {raster}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>No polygon of {layer} lies on {raster}.</source>
      <translation>Kein Polygon von {layer} liegt auf {raster}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/problems.py" />
      <source>Count the labels of {raster}</source>
      <translation>Labels von {raster} zählen</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>Go back to the sources.</source>
      <translation>Gehen Sie zurück zu den Quellen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>{name} again</source>
      <translation>{name} noch einmal</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>{folder} is not a run file that can be read: {error}.</source>
      <translation>{folder} ist keine lesbare Laufdatei: {error}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>There is no run file at {path}.</source>
      <translation>Unter {path} gibt es keine Laufdatei.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>Choose a run folder.</source>
      <translation>Wählen Sie einen Laufordner.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>{path} is not valid JSON: {error}.</source>
      <translation>{path} ist kein gültiges JSON: {error}.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>{path} must hold one JSON object.</source>
      <translation>{path} muss ein JSON-Objekt enthalten.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>The run {folder} has the preset {preset}, which the wizard cannot show.</source>
      <translation>Der Lauf {folder} hat die Voreinstellung {preset}, die der Assistent nicht zeigen kann.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>Train it from its folder, or write its settings out in run.json.</source>
      <translation>Trainieren Sie ihn aus seinem Ordner, oder schreiben Sie seine Einstellungen in run.json aus.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>{path} cannot be opened.</source>
      <translation>{path} lässt sich nicht öffnen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/run_file.py" />
      <source>Put the file back where the run had it.</source>
      <translation>Legen Sie die Datei dorthin zurück, wo der Lauf sie hatte.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>{memory} GB of memory on {device}</source>
      <translation>{memory} GB Speicher auf {device}</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>About so many steps: {steps}; {memory}. Validation takes part of the time.</source>
      <translation>Etwa so viele Schritte: {steps}; {memory}. Ein Teil der Zeit geht an die Validierung.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>About {duration}, {memory}, and some more for validation.</source>
      <translation>Etwa {duration}, {memory}, und etwas mehr für die Validierung.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Supervised</source>
      <translation>Überwacht</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Boxes here, areas there (partial multi-task distillation)</source>
      <translation>Hier Boxen, dort Flächen (Multi-Task-Destillation bei Teil-Labels)</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Few areas, much imagery (semi-supervised distillation, SSLKD)</source>
      <translation>Wenige Flächen, viele Bilddaten (halbüberwachte Destillation, SSLKD)</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>A finished model teaches a smaller one</source>
      <translation>Ein fertiges Modell lehrt ein kleineres</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>One network learns from the labels alone. The quickest, and the measure for the others.</source>
      <translation>Ein Netz lernt allein aus den Labels. Am schnellsten, und der Maßstab für die anderen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Two large teachers learn one task each; one small network learns both tasks, from the labels where there are some and from the teacher where they are missing (arXiv 2405.15394).</source>
      <translation>Zwei große Lehrernetze lernen je eine Aufgabe; ein kleines Netz lernt beide: aus den Labels, wo es welche gibt, und vom Lehrernetz, wo sie fehlen (arXiv 2405.15394).</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Two different teachers learn from the few labels, then label the rest for each other and for the small network that ships (arXiv 2402.05305).</source>
      <translation>Zwei verschiedene Lehrernetze lernen aus den wenigen Labels und labeln dann den Rest füreinander und für das kleine Netz, das herauskommt (arXiv 2402.05305).</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>A model package answers on all imagery, and a smaller network learns to answer the same, and from the labels. Its classes are the model's (arXiv 1503.02531).</source>
      <translation>Ein Modellpaket antwortet auf alle Bilddaten; ein kleineres Netz lernt, dasselbe zu antworten, und aus den Labels. Seine Klassen sind die des Modells (arXiv 1503.02531).</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source> The teachers speak on the unlabelled imagery too.</source>
      <translation> Die Lehrernetze sprechen auch auf den Bilddaten ohne Labels.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Some imagery has boxes and other imagery has areas: one network can learn both, because a teacher stands in for the labels that are missing.</source>
      <translation>Manche Bilddaten haben Boxen und andere Flächen: Ein Netz kann beides lernen, weil ein Lehrernetz für die fehlenden Labels einspringt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>There are areas on some imagery and more imagery without labels, which this recipe learns from too.</source>
      <translation>Manche Bilddaten haben Flächen, und es gibt weitere ohne Labels; dieses Rezept lernt auch aus ihnen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>There are only boxes; no recipe for boxes alone learns from unlabelled imagery yet.</source>
      <translation>Es gibt nur Boxen; noch lernt kein Rezept für Boxen allein aus Bilddaten ohne Labels.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>All imagery is labelled for the same task, so there is nothing that a teacher could add.</source>
      <translation>Alle Bilddaten sind für dieselbe Aufgabe gelabelt; ein Lehrernetz könnte nichts hinzufügen.</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>needs imagery with boxes and imagery with areas</source>
      <translation>braucht Bilddaten mit Boxen und Bilddaten mit Flächen</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>needs imagery with areas and imagery without labels</source>
      <translation>braucht Bilddaten mit Flächen und Bilddaten ohne Labels</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>{slowness}× the time of small</source>
      <translation>{slowness}× die Zeit von small</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>the fastest</source>
      <translation>am schnellsten</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>{size}: {encoder}, {millions} M parameters, {speed}</source>
      <translation>{size}: {encoder}, {millions} Mio. Parameter, {speed}</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Pretrained weights of {encoder} came with the engine ({licence}).</source>
      <translation>Vortrainierte Gewichte von {encoder} kamen mit der Engine ({licence}).</translation>
    </message>
    <message>
      <location filename="jobs/sources/suggestion.py" />
      <source>Pretrained weights of {encoder} are fetched once from Hugging Face's hub ({licence}).</source>
      <translation>Vortrainierte Gewichte von {encoder} werden einmal aus dem Hub von Hugging Face geholt ({licence}).</translation>
    </message>
    <message>
      <location filename="jobs/sources/teaching.py" />
      <source>Choose the model that teaches.</source>
      <translation>Wählen Sie das Modell, das lehrt.</translation>
    </message>
    <message>
      <location filename="jobs/sources/teaching.py" />
      <source>There is nothing that the student learns from the model: tick one of the terms under Advanced.</source>
      <translation>Es gibt nichts, was das Schülernetz vom Modell lernt: Kreuzen Sie unter Erweitert einen der Terme an.</translation>
    </message>
    <message>
      <location filename="jobs/sources/teaching.py" />
      <source>The model {model} has no class {name}: go back, and rename it ({known}) or leave it out.</source>
      <translation>Das Modell {model} hat keine Klasse {name}: Gehen Sie zurück, und benennen Sie sie um ({known}), oder lassen Sie sie weg.</translation>
    </message>
    <message>
      <location filename="jobs/sources/teaching.py" />
      <source>The model {model} does {tasks}, and the labels are for {roles}: both must be the same.</source>
      <translation>Das Modell {model} macht {tasks}, und die Labels sind für {roles}: beides muss gleich sein.</translation>
    </message>
    <message>
      <location filename="jobs/sources/teaching.py" />
      <source> and </source>
      <translation> und </translation>
    </message>
    <message>
      <location filename="jobs/tiles/capabilities.py" />
      <source>The service at {host} does not say what it has of {layer}.</source>
      <translation>Der Dienst {host} sagt nicht, was er von {layer} hat.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/capabilities.py" />
      <source>Look at the layer on the map at the same place and scale.</source>
      <translation>Sehen Sie sich den Layer auf der Karte am selben Ort im selben Maßstab an.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/fetching.py" />
      <source>{done} of {count} tiles</source>
      <translation>{done} von {count} Kacheln</translation>
    </message>
    <message>
      <location filename="jobs/tiles/fetching.py" />
      <source>{size} MB</source>
      <translation>{size} MB</translation>
    </message>
    <message>
      <location filename="jobs/tiles/fetching.py" />
      <source>{time} left</source>
      <translation>noch {time}</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} refuses to give its imagery (HTTP {code}).</source>
      <translation>Der Dienst {host} verweigert seine Bilddaten (HTTP {code}).</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>Look at its terms of use, and at the authentication of the layer's connection; do not simply try again.</source>
      <translation>Sehen Sie sich seine Nutzungsbedingungen und die Authentifizierung in der Verbindung des Layers an; versuchen Sie es nicht einfach noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} cannot answer (HTTP {code}).</source>
      <translation>Der Dienst {host} kann nicht antworten (HTTP {code}).</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} does not answer: nothing came for {time}, {tries} times.</source>
      <translation>Der Dienst {host} antwortet nicht: {tries}-mal kam {time} lang nichts.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>Try again later: what has come is kept.</source>
      <translation>Versuchen Sie es später noch einmal: Was gekommen ist, bleibt erhalten.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>one picture took more than {time}</source>
      <translation>ein Bild dauerte länger als {time}</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} does not answer: {reason}.</source>
      <translation>Der Dienst {host} antwortet nicht: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} asks to be left alone for {time}.</source>
      <translation>Der Dienst {host} bittet darum, {time} lang in Ruhe gelassen zu werden.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>Try again then: what has come is kept.</source>
      <translation>Versuchen Sie es dann noch einmal: Was gekommen ist, bleibt erhalten.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The service at {host} answers with something else than a picture.</source>
      <translation>Der Dienst {host} antwortet mit etwas anderem als einem Bild.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>The layer {layer} has no imagery of this extent at this pixel size.</source>
      <translation>Der Layer {layer} hat von dieser Ausdehnung in dieser Pixelgröße keine Bilddaten.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/getting.py" />
      <source>Choose larger pixels, or another extent.</source>
      <translation>Wählen Sie größere Pixel oder eine andere Ausdehnung.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/mosaic.py" />
      <source>The imagery cannot be written to {path}: {reason}.</source>
      <translation>Die Bilddaten können nicht nach {path} geschrieben werden: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/mosaic.py" />
      <source>GDAL does not say why</source>
      <translation>GDAL sagt nicht, warum</translation>
    </message>
    <message>
      <location filename="jobs/tiles/mosaic.py" />
      <source>Choose another file, or make room on the disk.</source>
      <translation>Wählen Sie eine andere Datei, oder schaffen Sie Platz auf dem Datenträger.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>{ground} m on the ground, {columns} x {rows} pixels: {tiles} tiles, about {size} MB.</source>
      <translation>{ground} m am Boden, {columns} x {rows} Pixel: {tiles} Kacheln, etwa {size} MB.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>Zoom {zoom}, {text}</source>
      <translation>Zoom {zoom}, {text}</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>The service has nothing as fine as {asked} m.</source>
      <translation>So fein wie {asked} m hat der Dienst nichts.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>The layer {layer} shows nothing of this extent.</source>
      <translation>Der Layer {layer} zeigt nichts von dieser Ausdehnung.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>Choose an extent on it.</source>
      <translation>Wählen Sie eine Ausdehnung auf ihm.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>That would be {tiles} tiles of {layer} with {columns} x {rows} pixels, too many.</source>
      <translation>Das wären {tiles} Kacheln von {layer} mit {columns} x {rows} Pixeln, zu viele.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>Choose a smaller extent or larger pixels.</source>
      <translation>Wählen Sie eine kleinere Ausdehnung oder größere Pixel.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>The service has no tiles of this extent.</source>
      <translation>Der Dienst hat von dieser Ausdehnung keine Kacheln.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>{layer} has no pixel size of its own: give one, in metres on the ground.</source>
      <translation>{layer} hat keine eigene Pixelgröße: Geben Sie eine an, in Metern am Boden.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/plan.py" />
      <source>That is much imagery: {size}</source>
      <translation>Das sind viele Bilddaten: {size}</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>The authentication configuration of the layer {layer} cannot be used to fetch imagery.</source>
      <translation>Mit der Authentifizierungskonfiguration des Layers {layer} lassen sich keine Bilddaten holen.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>Use one that logs in with a name, a password or a header.</source>
      <translation>Verwenden Sie eine, die sich mit Name, Passwort oder einem Header anmeldet.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>Imagery cannot be fetched through the proxy {proxy}, which is no HTTP proxy.</source>
      <translation>Durch den Proxy {proxy} lassen sich keine Bilddaten holen, denn er ist kein HTTP-Proxy.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>Change it in Settings &gt; Options &gt; Network, or exclude this address there.</source>
      <translation>Ändern Sie ihn unter Einstellungen &gt; Optionen &gt; Netzwerk, oder schließen Sie diese Adresse dort aus.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>The layer {layer} is no XYZ, WMTS or WMS layer of a web service that works.</source>
      <translation>Der Layer {layer} ist kein XYZ-, WMTS- oder WMS-Layer eines Webdienstes, der funktioniert.</translation>
    </message>
    <message>
      <location filename="jobs/tiles/service.py" />
      <source>Look at it on the map, and at Layer &gt; Properties &gt; Information.</source>
      <translation>Sehen Sie ihn sich auf der Karte und unter Layer &gt; Eigenschaften &gt; Information an.</translation>
    </message>
    <message>
      <location filename="jobs/view/layers.py" />
      <source>{model} in this view</source>
      <translation>{model} in dieser Ansicht</translation>
    </message>
    <message>
      <location filename="jobs/view/layers.py" />
      <source>{raster} (view)</source>
      <translation>{raster} (Ansicht)</translation>
    </message>
    <message>
      <location filename="jobs/view/layers.py" />
      <source>{model} on {raster}</source>
      <translation>{model} auf {raster}</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>The view has {count} million of the pixels of {gsd} m that the model {model} sees, too many.</source>
      <translation>Die Ansicht hat {count} Millionen der Pixel von {gsd} m, die das Modell {model} sieht: zu viele.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>Zoom in to 1:{scale} or closer, or use Predict for the whole raster.</source>
      <translation>Zoomen Sie auf 1:{scale} oder näher, oder nehmen Sie Vorhersagen für das ganze Raster.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>The view shows nothing of {layer}.</source>
      <translation>Die Ansicht zeigt nichts von {layer}.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>Choose the raster that is seen, or zoom to this one.</source>
      <translation>Wählen Sie das Raster, das zu sehen ist, oder zoomen Sie auf dieses.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>The engine that predicts the view ended with exit code {code}.</source>
      <translation>Die Engine, die die Ansicht vorhersagt, endete mit dem Exit-Code {code}.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>Predict the view again; where it happens again, the memory may be too small.</source>
      <translation>Sagen Sie die Ansicht noch einmal vorher; geschieht es wieder, reicht vielleicht der Speicher nicht.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>The engine that looks at the view ended with exit code {code}.</source>
      <translation>Die Engine, die die Ansicht betrachtet, endete mit dem Exit-Code {code}.</translation>
    </message>
    <message>
      <location filename="jobs/view/warm_engine.py" />
      <source>Click again; where it happens again, the memory may be too small for this model.</source>
      <translation>Klicken Sie noch einmal; geschieht es wieder, reicht der Speicher vielleicht nicht für dieses Modell.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>{address} is no address on the web.</source>
      <translation>{address} ist keine Adresse im Web.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>Write it with http:// or https://, or choose a folder.</source>
      <translation>Schreiben Sie sie mit http:// oder https://, oder wählen Sie einen Ordner.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>There is no model zoo at {place}.</source>
      <translation>In {place} ist kein Modellzoo.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>an empty place</source>
      <translation>einem leeren Ort</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>Choose a folder with models, or the address of a catalogue.</source>
      <translation>Wählen Sie einen Ordner mit Modellen oder die Adresse eines Katalogs.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>The model zoo {zoo} names a file elsewhere: {href}.</source>
      <translation>Der Modellzoo {zoo} nennt eine Datei anderswo: {href}.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>Its files must lie on its own host, or in its own folder.</source>
      <translation>Seine Dateien müssen auf seinem eigenen Server oder in seinem eigenen Ordner liegen.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>{address} cannot be had: {reason}.</source>
      <translation>{address} ist nicht zu bekommen: {reason}.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>Check the address and the connection, then try again.</source>
      <translation>Prüfen Sie Adresse und Verbindung, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>{address} is larger than the {size} MB that it may have.</source>
      <translation>{address} ist größer als die {size} MB, die es haben darf.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>It was not kept.</source>
      <translation>Es wurde nicht behalten.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>{address} names no files of a model.</source>
      <translation>{address} nennt keine Dateien eines Modells.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>{address} is no catalogue of models.</source>
      <translation>{address} ist kein Katalog von Modellen.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/catalogue.py" />
      <source>A zoo is a folder of models, or a STAC catalogue as the engine's command zoo writes it.</source>
      <translation>Ein Zoo ist ein Ordner mit Modellen oder ein STAC-Katalog, wie ihn der Befehl zoo der Engine schreibt.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>{size} bytes instead of {expected}</source>
      <translation>{size} Bytes statt {expected}</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>its checksum is another</source>
      <translation>die Prüfsumme ist eine andere</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>{file} is not as its catalogue says: {how}.</source>
      <translation>{file} ist nicht so, wie der Katalog sagt: {how}.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>Try again; if it stays so, tell whoever keeps the zoo.</source>
      <translation>Versuchen Sie es noch einmal; bleibt es so, sagen Sie es dem, der den Zoo pflegt.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>The model needs {needed} MB, and {folder} has {free} MB left.</source>
      <translation>Das Modell braucht {needed} MB, und {folder} hat noch {free} MB.</translation>
    </message>
    <message>
      <location filename="jobs/zoo/getting.py" />
      <source>Make room there.</source>
      <translation>Schaffen Sie dort Platz.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Options</source>
      <translation>Optionen</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>chosen automatically</source>
      <translation>automatisch gewählt</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>none: packages come from the network</source>
      <translation>keiner: Pakete kommen aus dem Netz</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Too&amp;l</source>
      <translation>Werk&amp;zeug</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>The program that makes the environment and installs the packages.</source>
      <translation>Das Programm, das die Umgebung anlegt und die Pakete installiert.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>&amp;Python</source>
      <translation>&amp;Python</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>The Python to make the environment from, 3.10 or newer.</source>
      <translation>Das Python, aus dem die Umgebung entsteht, 3.10 oder neuer.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Torc&amp;h</source>
      <translation>Torc&amp;h</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>The build of PyTorch. A wrong one runs on the processor, or not at all.</source>
      <translation>Die Fassung von PyTorch. Eine falsche rechnet auf dem Prozessor, oder gar nicht.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>&amp;Wheels</source>
      <translation>&amp;Wheels</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>A folder of downloaded packages, for a machine without network.</source>
      <translation>Ein Ordner mit heruntergeladenen Paketen, für einen Rechner ohne Netz.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Package &amp;index</source>
      <translation>Paket&amp;index</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Your organisation's mirror of the Python Package Index.</source>
      <translation>Der Spiegel des Python Package Index Ihrer Organisation.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>&amp;Folder</source>
      <translation>&amp;Ordner</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Where the environment goes; about 6 GB.</source>
      <translation>Wohin die Umgebung kommt; etwa 6 GB.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>An environment of your own</source>
      <translation>Eine eigene Umgebung</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>the Python of an environment, for example …/bin/python</source>
      <translation>das Python einer Umgebung, zum Beispiel …/bin/python</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Python of an environment of your own</source>
      <translation>Python einer eigenen Umgebung</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Check and use</source>
      <translation>Prüfen und verwenden</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>It must have the packages that GeoDistil's pyproject.toml names; nothing is installed.</source>
      <translation>Sie muss die Pakete haben, die GeoDistils pyproject.toml nennt; installiert wird nichts.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Cancelling…</source>
      <translation>Wird abgebrochen…</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Delete the engine's environment in {folder}? It can be set up again at any time.</source>
      <translation>Die Umgebung der Engine in {folder} löschen? Sie kann jederzeit wieder eingerichtet werden.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Remove the engine</source>
      <translation>Engine entfernen</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Removing… It may take a minute; there are tens of thousands of files.</source>
      <translation>Wird entfernt… Das kann eine Minute dauern; es sind Zehntausende Dateien.</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Copied</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Copy diagnostics</source>
      <translation>Diagnose kopieren</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Progress of the set-up</source>
      <translation>Fortschritt des Einrichtens</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Set up</source>
      <translation>Einrichten</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <location filename="ui/environment/page.py" />
      <source>Remove…</source>
      <translation>Entfernen…</translation>
    </message>
    <message>
      <location filename="ui/environment/wiring.py" />
      <source>GeoDistil: engine environment</source>
      <translation>GeoDistil: Umgebung der Engine</translation>
    </message>
    <message>
      <location filename="ui/environment/wiring.py" />
      <source>GeoDistil's engine is not set up yet.</source>
      <translation>Die Engine von GeoDistil ist noch nicht eingerichtet.</translation>
    </message>
    <message>
      <location filename="ui/environment/wiring.py" />
      <source>There is an update for GeoDistil's engine.</source>
      <translation>Für die Engine von GeoDistil gibt es eine Aktualisierung.</translation>
    </message>
    <message>
      <location filename="ui/environment/wiring.py" />
      <source>Set up…</source>
      <translation>Einrichten…</translation>
    </message>
    <message>
      <location filename="ui/environment/wiring.py" />
      <source>GeoDistil servers</source>
      <translation>GeoDistil-Server</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>GeoDistil needs its engine</source>
      <translation>GeoDistil braucht seine Engine</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>The engine is being set up</source>
      <translation>Die Engine wird eingerichtet</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>The engine is not complete</source>
      <translation>Die Engine ist nicht vollständig</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>The engine is ready, and there is an update</source>
      <translation>Die Engine ist bereit, und es gibt eine Aktualisierung</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>The engine is ready</source>
      <translation>Die Engine ist bereit</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>GeoDistil uses an environment of your own</source>
      <translation>GeoDistil verwendet eine eigene Umgebung von Ihnen</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>The Python that you chose is not there</source>
      <translation>Das Python, das Sie gewählt haben, ist nicht da</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Its folder may only be read: whoever has set it up can change it, and nobody else.</source>
      <translation>Ihr Ordner darf nur gelesen werden: Wer sie eingerichtet hat, kann sie ändern, sonst niemand.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Python {version}, torch: {build}. {device}</source>
      <translation>Python {version}, torch: {build}. {device}</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>GeoDistil was tested with newer packages; only what changed is downloaded.</source>
      <translation>GeoDistil wurde mit neueren Paketen getestet; heruntergeladen wird nur, was sich geändert hat.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Training and prediction run outside QGIS, in a Python environment of their own with PyTorch. GeoDistil downloads it once: up to 3.5 GB, and up to 7 GB on the disk while it is unpacked. Nothing in QGIS or in your system changes, and everything can be removed again here.</source>
      <translation>Training und Vorhersage laufen außerhalb von QGIS, in einer eigenen Python-Umgebung mit PyTorch. GeoDistil lädt sie einmal herunter: bis zu 3,5 GB, und beim Entpacken bis zu 7 GB auf dem Datenträger. Weder an QGIS noch an Ihrem System ändert sich etwas, und alles lässt sich hier wieder entfernen.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>You can close this window and go on working; it also goes on when QGIS is closed.</source>
      <translation>Sie können dieses Fenster schließen und weiterarbeiten; es geht auch weiter, wenn QGIS geschlossen wird.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>A set-up broke off. What was downloaded is kept, and the rest follows from there.</source>
      <translation>Ein Einrichten brach ab. Was heruntergeladen wurde, bleibt, und der Rest folgt von dort aus.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>{python}
Set up makes one by GeoDistil itself, which is then used instead.</source>
      <translation>{python}
Einrichten legt eine eigene von GeoDistil an, die dann stattdessen verwendet wird.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>{python}
Choose another one below, or let GeoDistil set one up.</source>
      <translation>{python}
Wählen Sie unten ein anderes, oder lassen Sie GeoDistil eines einrichten.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Graphics card: {names}.</source>
      <translation>Grafikkarte: {names}.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Graphics: Apple.</source>
      <translation>Grafik: Apple.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>No graphics card is used: the processor does the work.</source>
      <translation>Es wird keine Grafikkarte genutzt: Der Prozessor rechnet.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>{encoder} ({millions} M parameters, {licence}; {source})</source>
      <translation>{encoder} ({millions} Mio. Parameter, {licence}; {source})</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Encoders with weights at hand: {encoders}.</source>
      <translation>Encoder, deren Gewichte zur Hand sind: {encoders}.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Automatic, from the graphics driver</source>
      <translation>Automatisch, nach dem Grafiktreiber</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>the registry's own</source>
      <translation>die des Paketindex</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>processor only</source>
      <translation>nur Prozessor</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>CUDA {major}.{minor}</source>
      <translation>CUDA {major}.{minor}</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Automatic: uv, or pip where uv cannot be used</source>
      <translation>Automatisch: uv, oder pip, wo uv nicht geht</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>uv, which also brings a Python where none fits</source>
      <translation>uv, das auch ein Python mitbringt, wo keines passt</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>venv and pip of the Python below, or of QGIS</source>
      <translation>venv und pip des Python unten, oder von QGIS</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Go on</source>
      <translation>Fortsetzen</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Update</source>
      <translation>Aktualisieren</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Check again</source>
      <translation>Erneut prüfen</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Looking for tools and a Python…</source>
      <translation>Werkzeuge und ein Python werden gesucht…</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Looking at what is there already…</source>
      <translation>Geprüft wird, was schon da ist…</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Trying the engine…</source>
      <translation>Die Engine wird ausprobiert…</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Starting…</source>
      <translation>Wird gestartet…</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>package {step} of {of}</source>
      <translation>Paket {step} von {of}</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>about {time} left</source>
      <translation>noch etwa {time}</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Cancelled. What was downloaded is kept.</source>
      <translation>Abgebrochen. Was heruntergeladen wurde, bleibt.</translation>
    </message>
    <message>
      <location filename="ui/environment/words.py" />
      <source>Everything was tried and works.</source>
      <translation>Alles wurde ausprobiert und geht.</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Fetch imagery of {layer}</source>
      <translation>Bilddaten von {layer} holen</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>the finest</source>
      <translation>die feinste</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Progress</source>
      <translation>Fortschritt</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Fetch</source>
      <translation>Holen</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>E&amp;xtent</source>
      <translation>&amp;Ausdehnung</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Pixel &amp;size on the ground</source>
      <translation>&amp;Pixelgröße am Boden</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>&amp;File</source>
      <translation>&amp;Datei</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Whether imagery may be fetched, and learned from, is for the service's terms of use to say.</source>
      <translation>Ob Bilddaten geholt werden dürfen und ob aus ihnen gelernt werden darf, sagen die Nutzungsbedingungen des Dienstes.</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Choose the extent that is to be fetched.</source>
      <translation>Wählen Sie die Ausdehnung, die geholt werden soll.</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Give the file's whole path.</source>
      <translation>Geben Sie den ganzen Pfad der Datei an.</translation>
    </message>
    <message>
      <location filename="ui/fetch_dialog.py" />
      <source>Fetch it?</source>
      <translation>Holen?</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>Colour</source>
      <translation>Farbe</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>Name</source>
      <translation>Name</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>Add a class</source>
      <translation>Klasse hinzufügen</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>Remove</source>
      <translation>Entfernen</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>class {number}</source>
      <translation>Klasse {number}</translation>
    </message>
    <message>
      <location filename="ui/labelling/classes.py" />
      <source>Key {key}; where labels are selected, they get this class</source>
      <translation>Taste {key}; sind Labels ausgewählt, bekommen sie diese Klasse</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>ONNX files (*.onnx)</source>
      <translation>ONNX-Dateien (*.onnx)</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Click the object, with Shift what is not it, or drag a box around it. Enter or the right button keeps the area, Backspace takes a click back, Escape gives up.</source>
      <translation>Klicken Sie das Objekt an, mit der Umschalttaste, was nicht dazugehört, oder ziehen Sie eine Box darum. Enter oder die rechte Maustaste behält die Fläche, die Rücktaste nimmt einen Klick zurück, Esc bricht ab.</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Click-to-segment model</source>
      <translation>Modell der Klick-Segmentierung</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Image encoder</source>
      <translation>Bild-Encoder</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Prompt decoder</source>
      <translation>Prompt-Decoder</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Two ONNX files of one model of the SAM family (Segment Anything, MobileSAM, SAM 2), exported as its encoder and its decoder. GeoDistil has none with it: see the guide.</source>
      <translation>Zwei ONNX-Dateien eines Modells der SAM-Familie (Segment Anything, MobileSAM, SAM 2), exportiert als sein Encoder und sein Decoder. GeoDistil bringt keines mit: siehe das Handbuch.</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>There is no file {path}.</source>
      <translation>Es gibt keine Datei {path}.</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Choose both files.</source>
      <translation>Wählen Sie beide Dateien.</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Looking at the view…</source>
      <translation>Ansicht wird betrachtet…</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>Click the object first, then what is not it.</source>
      <translation>Klicken Sie zuerst das Objekt an, dann, was nicht dazugehört.</translation>
    </message>
    <message>
      <location filename="ui/labelling/clicker.py" />
      <source>The model finds nothing there: click elsewhere on the object, or drag a box.</source>
      <translation>Das Modell findet dort nichts: Klicken Sie anderswo auf das Objekt, oder ziehen Sie eine Box.</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Label</source>
      <translation>Labeln</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Label layer</source>
      <translation>Label-Layer</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>New…</source>
      <translation>Neu…</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Classes…</source>
      <translation>Klassen…</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Make a label layer for a raster, or take one of the project</source>
      <translation>Einen Label-Layer für ein Raster anlegen, oder einen des Projekts nehmen</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Add, rename and colour classes</source>
      <translation>Klassen hinzufügen, umbenennen und färben</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>The layer {layer} was removed from the project; add it again, or choose another.</source>
      <translation>Der Layer {layer} wurde aus dem Projekt entfernt; fügen Sie ihn wieder hinzu, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Choose New… to make a label layer.</source>
      <translation>Mit Neu… legen Sie einen Label-Layer an.</translation>
    </message>
    <message>
      <location filename="ui/labelling/dock.py" />
      <source>Suggestions here are not reviewed ({count}): judge them, or press Enter again to reject them.</source>
      <translation>Hier sind Vorschläge nicht geprüft ({count}): Beurteilen Sie sie, oder drücken Sie noch einmal Enter, um sie abzulehnen.</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Box</source>
      <translation>Box</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Two clicks on opposite corners, or a drag</source>
      <translation>Zwei Klicks auf gegenüberliegende Ecken, oder ziehen</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Turned box</source>
      <translation>Gedrehte Box</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Three clicks: along one side, then across</source>
      <translation>Drei Klicks: an einer Seite entlang, dann quer</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Area</source>
      <translation>Fläche</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Click the corners, or drag freehand; the right button or Enter ends, Backspace takes a corner back</source>
      <translation>Ecken anklicken, oder freihändig ziehen; die rechte Taste oder die Eingabetaste beendet, die Rücktaste nimmt eine Ecke zurück</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Point</source>
      <translation>Punkt</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>One click: a box of the size below around it</source>
      <translation>Ein Klick: eine Box der Größe unten darum herum</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Copy</source>
      <translation>Kopieren</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>One click: the last label once more</source>
      <translation>Ein Klick: das letzte Label noch einmal</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Select</source>
      <translation>Auswählen</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Click a label or drag a frame, with Shift for more; then Delete, or the key of another class</source>
      <translation>Ein Label anklicken oder einen Rahmen ziehen, mit der Umschalttaste mehrere; dann Entf, oder die Taste einer anderen Klasse</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Click to segment</source>
      <translation>Klick-Segmentierung</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>A click on an object, or a box around it: a model of your own draws its area</source>
      <translation>Ein Klick auf ein Objekt oder eine Box darum: Ein eigenes Modell zeichnet seine Fläche</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Undo</source>
      <translation>Rückgängig</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Redo</source>
      <translation>Wiederholen</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Delete the selected labels</source>
      <translation>Ausgewählte Labels löschen</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Model…</source>
      <translation>Modell…</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Choose the two files of the model that Click to segment uses</source>
      <translation>Die zwei Dateien des Modells wählen, das die Klick-Segmentierung benutzt</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>New areas do not overlap old ones</source>
      <translation>Neue Flächen überlappen alte nicht</translation>
    </message>
    <message>
      <location filename="ui/labelling/drawing.py" />
      <source>Box around a point</source>
      <translation>Box um einen Punkt</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Learn</source>
      <translation>Lernen</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Learn from these labels</source>
      <translation>Aus diesen Labels lernen</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Saves the labels and trains a model on them; you can go on labelling meanwhile</source>
      <translation>Speichert die Labels und trainiert ein Modell damit; Sie können währenddessen weiter labeln</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source> min</source>
      <translation> min</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Training budget</source>
      <translation>Trainingsbudget</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Go on from the model chosen above</source>
      <translation>Vom oben gewählten Modell ausgehen</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Otherwise, and where none is chosen, it begins with pretrained weights of an encoder</source>
      <translation>Sonst, und wo keines gewählt ist, beginnt es mit vortrainierten Gewichten eines Encoders</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Score</source>
      <translation>Güte</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>When</source>
      <translation>Wann</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Rounds of learning</source>
      <translation>Lernrunden</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Use this round's model</source>
      <translation>Modell dieser Runde nehmen</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Learned from the labels ({labels}); there is no validation ground, so there is no score.</source>
      <translation>Aus den Labels ({labels}) gelernt; es gibt kein Validierungsgelände und daher keine Güte.</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>Learned from the labels ({labels}). On the validation ground: {scores}.</source>
      <translation>Aus den Labels ({labels}) gelernt. Auf dem Validierungsgelände: {scores}.</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>{score} {before} before, {after} after</source>
      <translation>{score} {before} vorher, {after} nachher</translation>
    </message>
    <message>
      <location filename="ui/labelling/learner.py" />
      <source>The model {model} is gone.</source>
      <translation>Das Modell {model} gibt es nicht mehr.</translation>
    </message>
    <message>
      <location filename="ui/labelling/reviewer.py" />
      <source>Choose the model that suggests labels.</source>
      <translation>Wählen Sie das Modell, das Labels vorschlägt.</translation>
    </message>
    <message>
      <location filename="ui/labelling/reviewer.py" />
      <source>Comparing with the labels…</source>
      <translation>Vergleich mit den Labels…</translation>
    </message>
    <message>
      <location filename="ui/labelling/reviewer.py" />
      <source>{count} suggestions</source>
      <translation>{count} Vorschläge</translation>
    </message>
    <message>
      <location filename="ui/labelling/reviewer.py" />
      <source>; {count} left out, which are labelled or known already</source>
      <translation>; {count} ausgelassen, die schon gelabelt oder bekannt sind</translation>
    </message>
    <message>
      <location filename="ui/labelling/reviewer.py" />
      <source>{count} suggestions from before</source>
      <translation>{count} Vorschläge von vorher</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Label a raster</source>
      <translation>Ein Raster labeln</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>This is a web service: what models look at or learn from is fetched when it is needed.</source>
      <translation>Dies ist ein Webdienst: Was Modelle ansehen oder woraus sie lernen, wird geholt, wenn es gebraucht wird.</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Fetch the view as a file…</source>
      <translation>Ansicht als Datei holen…</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Detection (boxes)</source>
      <translation>Detektion (Boxen)</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Segmentation (areas)</source>
      <translation>Segmentierung (Flächen)</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>A new layer</source>
      <translation>Ein neuer Layer</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>A layer of the project</source>
      <translation>Ein Layer des Projekts</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Layer</source>
      <translation>Layer</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Start labelling</source>
      <translation>Labeln beginnen</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>&amp;Raster</source>
      <translation>&amp;Raster</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>R&amp;ole</source>
      <translation>R&amp;olle</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Labels in</source>
      <translation>Labels in</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>&amp;Layer</source>
      <translation>&amp;Layer</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Class fi&amp;eld</source>
      <translation>Klassenf&amp;eld</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Add the raster to the project first.</source>
      <translation>Fügen Sie das Raster zuerst dem Projekt hinzu.</translation>
    </message>
    <message>
      <location filename="ui/labelling/setup.py" />
      <source>Choose the layer that gets the labels.</source>
      <translation>Wählen Sie den Layer, der die Labels bekommt.</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Accept (Y)</source>
      <translation>Annehmen (Y)</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>The selected suggestions become labels; a double click with the Select tool does the same</source>
      <translation>Die ausgewählten Vorschläge werden Labels; ein Doppelklick mit dem Auswahlwerkzeug tut dasselbe</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Reject (X)</source>
      <translation>Ablehnen (X)</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>There is no such object: the ground is background. The right button of the Select tool does the same</source>
      <translation>Es gibt kein solches Objekt: Das Gelände ist Hintergrund. Die rechte Taste des Auswahlwerkzeugs tut dasselbe</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Accept all in view</source>
      <translation>Alle in der Ansicht annehmen</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>All suggestions whose middle is seen become labels, in one step</source>
      <translation>Alle Vorschläge, deren Mitte zu sehen ist, werden in einem Schritt Labels</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Edit shape (E)</source>
      <translation>Form bearbeiten (E)</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Correct the selected suggestion with QGIS's vertex tool, then accept it</source>
      <translation>Den ausgewählten Vorschlag mit dem Stützpunktwerkzeug von QGIS berichtigen, dann annehmen</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Suggestions</source>
      <translation>Vorschläge</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>What the model or a layer of predictions finds, for you to accept or reject</source>
      <translation>Was das Modell oder ein Layer mit Vorhersagen findet, zum Annehmen oder Ablehnen</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source> %</source>
      <translation> %</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Least score</source>
      <translation>Kleinste Konfidenz</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Suggestions that the model is less sure of are not offered</source>
      <translation>Vorschläge, deren sich das Modell weniger sicher ist, werden nicht angeboten</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>In this view</source>
      <translation>In dieser Ansicht</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>On the whole raster</source>
      <translation>Auf dem ganzen Raster</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>From the layer {layer}</source>
      <translation>Aus dem Layer {layer}</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>Remove all suggestions</source>
      <translation>Alle Vorschläge entfernen</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>{count} to review</source>
      <translation>{count} zu prüfen</translation>
    </message>
    <message>
      <location filename="ui/labelling/suggest_box.py" />
      <source>from</source>
      <translation>ab</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Everything in it is labelled. Saves the labels; outside the labelled area nothing counts</source>
      <translation>Alles darin ist gelabelt. Speichert die Labels; außerhalb des gelabelten Gebiets zählt nichts</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>{percent} % complete</source>
      <translation>{percent} % vollständig</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>This cell is complete (Enter)</source>
      <translation>Diese Zelle ist vollständig (Eingabe)</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>This view is complete (Enter)</source>
      <translation>Diese Ansicht ist vollständig (Eingabe)</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Walk</source>
      <translation>Rundgang</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Cells</source>
      <translation>Zellen</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source> px</source>
      <translation> px</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Side of a cell</source>
      <translation>Seite einer Zelle</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Pass by what is complete</source>
      <translation>Vollständiges überspringen</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Previous (P)</source>
      <translation>Vorige (P)</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Next (N)</source>
      <translation>Nächste (N)</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Grid of the raster</source>
      <translation>Gitter des Rasters</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Suggestions to review</source>
      <translation>Zu prüfende Vorschläge</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>There are no cells on this raster.</source>
      <translation>Auf diesem Raster gibt es keine Zellen.</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>All suggestions are reviewed.</source>
      <translation>Alle Vorschläge sind geprüft.</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>All cells are complete.</source>
      <translation>Alle Zellen sind vollständig.</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Cell {number} of {count}</source>
      <translation>Zelle {number} von {count}</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>Suggestion {number} of {count}: {name}, {percent} %</source>
      <translation>Vorschlag {number} von {count}: {name}, {percent} %</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>no class</source>
      <translation>keine Klasse</translation>
    </message>
    <message>
      <location filename="ui/labelling/walker.py" />
      <source>This cell cannot be shown in the map's coordinate reference system.</source>
      <translation>Diese Zelle lässt sich im Koordinatenbezugssystem der Karte nicht zeigen.</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>A model, or its path</source>
      <translation>Ein Modell, oder sein Pfad</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>Look for a model</source>
      <translation>Ein Modell suchen</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>Describe…</source>
      <translation>Beschreiben…</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>Say what an ONNX file of another program does not say of itself</source>
      <translation>Angeben, was eine ONNX-Datei eines anderen Programms nicht selbst sagt</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>Look for the registered models</source>
      <translation>Nach den registrierten Modellen sehen</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>The engine looks at the model…</source>
      <translation>Die Engine sieht sich das Modell an…</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>The model is ready to predict.</source>
      <translation>Das Modell kann vorhersagen.</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>The engine looks at {name}.</source>
      <translation>Die Engine sieht sich {name} an.</translation>
    </message>
    <message>
      <location filename="ui/model_widget.py" />
      <source>The model {name} is registered; Predict and the other algorithms offer it.</source>
      <translation>Das Modell {name} ist angemeldet; Vorhersagen und die anderen Werkzeuge bieten es an.</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>&amp;Areas (truth)</source>
      <translation>&amp;Flächen (Wahrheit)</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>&amp;Boxes (truth)</source>
      <translation>B&amp;oxen (Wahrheit)</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Score both on the same ground</source>
      <translation>Beide auf demselben Gelände bewerten</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>&amp;Leave out ground that either was trained on</source>
      <translation>Gelände &amp;auslassen, auf dem eines trainiert wurde</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>As far as the packages say it; what is left judges both fairly</source>
      <translation>Soweit die Pakete es sagen; was bleibt, beurteilt beide gerecht</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Score both</source>
      <translation>Beide bewerten</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>&amp;Imagery</source>
      <translation>&amp;Bilddaten</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Labels are complete inside it, and nothing counts outside. Empty: all of the imagery.</source>
      <translation>Darin sind die Labels vollständig, und außerhalb zählt nichts. Leer: die ganzen Bilddaten.</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Labelle&amp;d area</source>
      <translation>&amp;Gelabeltes Gebiet</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>{first} and {second} predict this imagery, and are scored by these labels.</source>
      <translation>{first} und {second} sagen diese Bilddaten vorher und werden an diesen Labels gemessen.</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Score both on the same ground…</source>
      <translation>Beide auf demselben Gelände bewerten…</translation>
    </message>
    <message>
      <location filename="ui/models/ground.py" />
      <source>Predict imagery with both, and hold both against the same labels</source>
      <translation>Bilddaten mit beiden vorhersagen, und beide an denselben Labels messen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Preview</source>
      <translation>Vorschau</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>What is known of the model</source>
      <translation>Was über das Modell bekannt ist</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>for example CC-BY-4.0</source>
      <translation>zum Beispiel CC-BY-4.0</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>who made it, of what, or where it was published</source>
      <translation>wer es woraus gemacht hat, oder wo es veröffentlicht ist</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Only a package that is a folder can be written into</source>
      <translation>Nur in ein Paket, das ein Ordner ist, lässt sich schreiben</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Select a model, or two to compare them.</source>
      <translation>Wählen Sie ein Modell, oder zwei zum Vergleich.</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Scores (percent)</source>
      <translation>Güte (Prozent)</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>MP/s here</source>
      <translation>MP/s hier</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Look for models</source>
      <translation>Modelle suchen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Use</source>
      <translation>Nehmen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Make it the current model: Predict this view asks it</source>
      <translation>Zum aktuellen Modell machen: Ansicht vorhersagen fragt es</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Predict rasters with it</source>
      <translation>Damit Raster vorhersagen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Both on the map</source>
      <translation>Beide auf die Karte</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Predict the view with two models, and swipe between them</source>
      <translation>Die Ansicht mit zwei Modellen vorhersagen und dazwischen wischen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Export…</source>
      <translation>Exportieren…</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Write it as one zip</source>
      <translation>Als eine Zip-Datei schreiben</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Forget</source>
      <translation>Vergessen</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>List it no longer; nothing is deleted</source>
      <translation>Nicht mehr auflisten; gelöscht wird nichts</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Add…</source>
      <translation>Hinzufügen…</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Register a model: a package, or an ONNX file of another program</source>
      <translation>Ein Modell anmelden: ein Paket, oder eine ONNX-Datei eines anderen Programms</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Zoo…</source>
      <translation>Zoo…</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Get models that others share, from a folder or the web</source>
      <translation>Modelle holen, die andere teilen, aus einem Ordner oder dem Web</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Folders…</source>
      <translation>Ordner…</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Folders whose models are listed</source>
      <translation>Ordner, deren Modelle aufgelistet werden</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Model folders</source>
      <translation>Modellordner</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>Models in these folders, and in the folders inside them, are listed beside those registered here.</source>
      <translation>Modelle in diesen Ordnern und in den Ordnern darin werden neben den hier angemeldeten aufgelistet.</translation>
    </message>
    <message>
      <location filename="ui/models/window.py" />
      <source>cannot be read</source>
      <translation>nicht lesbar</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Metres per pixel</source>
      <translation>Meter je Pixel</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Here</source>
      <translation>Hier</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Model zoos</source>
      <translation>Modellzoos</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Open the model zoo</source>
      <translation>Den Modellzoo öffnen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Reading {zoo}…</source>
      <translation>{zoo} wird gelesen…</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Folder or address of a model zoo</source>
      <translation>Ordner oder Adresse eines Modellzoos</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>a folder, or an address such as https://example.org/models</source>
      <translation>ein Ordner oder eine Adresse wie https://example.org/models</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Open</source>
      <translation>Öffnen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Look which models are there</source>
      <translation>Nachsehen, welche Modelle dort sind</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Folder…</source>
      <translation>Ordner…</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Choose a folder with models</source>
      <translation>Einen Ordner mit Modellen wählen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Offer this zoo no longer; nothing is deleted</source>
      <translation>Diesen Zoo nicht mehr anbieten; gelöscht wird nichts</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Models of the zoo</source>
      <translation>Modelle des Zoos</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Get</source>
      <translation>Holen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Copy this model to your computer and list it among your models</source>
      <translation>Dieses Modell auf Ihren Rechner kopieren und unter Ihren Modellen aufführen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Stop; nothing of it is kept</source>
      <translation>Anhalten; nichts davon wird behalten</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Preview of a model</source>
      <translation>Vorschau eines Modells</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Cancelled; nothing of it was kept.</source>
      <translation>Abgebrochen; nichts davon wurde behalten.</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>{zoo}: {count} models</source>
      <translation>{zoo}: {count} Modelle</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Get the model {name}</source>
      <translation>Das Modell {name} holen</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>Getting {name}…</source>
      <translation>{name} wird geholt…</translation>
    </message>
    <message>
      <location filename="ui/models/zoo.py" />
      <source>{name} is among your models now.</source>
      <translation>{name} ist jetzt unter Ihren Modellen.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>In the order of the output's channels. Call the first one background where it is no class.</source>
      <translation>In der Reihenfolge der Kanäle der Ausgabe. Nennen Sie die erste background, wo sie keine Klasse ist.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>In the order that the model counts them. Without any they are called class 0, class 1 and so on.</source>
      <translation>In der Reihenfolge, in der das Modell sie zählt. Ohne Angabe heißen sie class 0, class 1 und so weiter.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>What the output's bands hold, in their order.</source>
      <translation>Was die Kanäle der Ausgabe enthalten, in ihrer Reihenfolge.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Add</source>
      <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Remove</source>
      <translation>&amp;Entfernen</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Values</source>
      <translation>Werte</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Colour of {}</source>
      <translation>Farbe von {}</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>8 bit (0 to 255)</source>
      <translation>8 Bit (0 bis 255)</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>16 bit</source>
      <translation>16 Bit</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Decimal numbers</source>
      <translation>Kommazahlen</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Divided by 255: 0 to 1</source>
      <translation>Durch 255 geteilt: 0 bis 1</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Divided by 127.5, less 1: -1 to 1</source>
      <translation>Durch 127,5 geteilt, minus 1: -1 bis 1</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Standardised as for ImageNet</source>
      <translation>Standardisiert wie für ImageNet</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>As they are in the raster</source>
      <translation>Wie sie im Raster sind</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Divided by 10,000: reflectance</source>
      <translation>Durch 10.000 geteilt: Reflexionsgrad</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Divided by 65,535: 0 to 1</source>
      <translation>Durch 65.535 geteilt: 0 bis 1</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>By other numbers</source>
      <translation>Mit anderen Zahlen</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Describe {name}</source>
      <translation>{name} beschreiben</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source> cm per pixel</source>
      <translation> cm je Pixel</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>not said yet</source>
      <translation>noch nicht angegeben</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source> pixels</source>
      <translation> Pixel</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Task</source>
      <translation>&amp;Aufgabe</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Output's &amp;layout</source>
      <translation>A&amp;ufbau der Ausgabe</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Ground sampling distance</source>
      <translation>&amp;Bodenauflösung</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Window</source>
      <translation>&amp;Fenster</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Bands of the raster</source>
      <translation>&amp;Kanäle des Rasters</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Type of its &amp;values</source>
      <translation>&amp;Typ seiner Werte</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Scaling of its values</source>
      <translation>&amp;Skalierung seiner Werte</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Mean of value / 255</source>
      <translation>&amp;Mittel von Wert / 255</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>&amp;Deviation of value / 255</source>
      <translation>Ab&amp;weichung von Wert / 255</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>, {side} pixels high and wide</source>
      <translation>, {side} Pixel hoch und breit</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>This model was made by another program. It takes images of {bands} bands{size}.</source>
      <translation>Dieses Modell stammt aus einem anderen Programm. Es nimmt Bilder mit {bands} Kanälen{size}.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Say the ground sampling distance that the model was made for.</source>
      <translation>Geben Sie die Bodenauflösung an, für die das Modell gemacht ist.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Bands of the raster</source>
      <translation>Kanäle des Rasters</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>The model takes {count} bands; list as many, counted from 1.</source>
      <translation>Das Modell nimmt {count} Kanäle; geben Sie ebenso viele an, von 1 an gezählt.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Deviation</source>
      <translation>Abweichung</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Mean and deviation are one number, or one for each band; deviations are above 0.</source>
      <translation>Mittel und Abweichung sind je eine Zahl oder eine für jeden Kanal; Abweichungen liegen über 0.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>The engine tries the model…</source>
      <translation>Die Engine probiert das Modell aus…</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Try {name}</source>
      <translation>{name} ausprobieren</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>{name}: write numbers with commas between them.</source>
      <translation>{name}: Schreiben Sie Zahlen mit Kommas dazwischen.</translation>
    </message>
    <message>
      <location filename="ui/onnx_form.py" />
      <source>Look at {name}</source>
      <translation>{name} ansehen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Start</source>
      <translation>Starten</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Train it as soon as its device is free, from its last checkpoint where it has one</source>
      <translation>Trainiert ihn, sobald sein Gerät frei ist, vom letzten Zwischenstand, wo es einen gibt</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Stop</source>
      <translation>Anhalten</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>End it in order, with a checkpoint; take it off the waiting list</source>
      <translation>Beendet ihn ordentlich, mit Zwischenstand; nimmt ihn von der Warteliste</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Predict with this model</source>
      <translation>Mit diesem Modell vorhersagen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Show predictions</source>
      <translation>Vorhersagen zeigen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Add to the map what was predicted when the training was done</source>
      <translation>Legt auf die Karte, was nach dem Training vorhergesagt wurde</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Open its report in the browser</source>
      <translation>Öffnet seinen Bericht im Browser</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Open folder</source>
      <translation>Ordner öffnen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Open its folder</source>
      <translation>Öffnet seinen Ordner</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Start beside the others</source>
      <translation>Neben den anderen starten</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Train it now, though its device may be taken</source>
      <translation>Trainiert ihn jetzt, auch wenn sein Gerät belegt sein mag</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>End at once…</source>
      <translation>Sofort beenden…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>End what does not stop; what came after its checkpoint is lost</source>
      <translation>Beendet, was nicht anhält; was nach seinem Zwischenstand kam, ist verloren</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Where to label next…</source>
      <translation>Wo als Nächstes labeln…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Find the ground whose labels would help this model most</source>
      <translation>Findet das Gelände, dessen Labels diesem Modell am meisten helfen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Use as teacher…</source>
      <translation>Als Lehrernetz verwenden…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Teach this model to another, smaller network</source>
      <translation>Bringt einem anderen, kleineren Netz bei, was dieses Modell kann</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Use as template…</source>
      <translation>Als Vorlage verwenden…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Open the wizard, filled in as it was for this run</source>
      <translation>Öffnet den Assistenten, ausgefüllt wie für diesen Lauf</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Use its teachers…</source>
      <translation>Seine Lehrernetze nutzen…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Train another network from the teachers that this run has trained</source>
      <translation>Trainiert ein weiteres Netz mit den Lehrernetzen, die dieser Lauf trainiert hat</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Use for both tasks…</source>
      <translation>Für beide Aufgaben verwenden…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Train one network of boxes and areas, which this model teaches the task that it knows</source>
      <translation>Ein Netz für Boxen und Flächen trainieren, das die Aufgabe dieses Modells von ihm lernt</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Write it into a zip, to train it on another machine or to keep it</source>
      <translation>Schreibt ihn in eine Zip-Datei, um ihn auf einem anderen Rechner zu trainieren oder aufzuheben</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Delete…</source>
      <translation>Löschen…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Delete its files</source>
      <translation>Löscht seine Dateien</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Import…</source>
      <translation>Importieren…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Unpack a zip of a run</source>
      <translation>Entpackt die Zip-Datei eines Laufs</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Run folders…</source>
      <translation>Ordner für Läufe…</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Which folders are searched for runs</source>
      <translation>Welche Ordner nach Läufen durchsucht werden</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Open the user guide in the browser</source>
      <translation>Öffnet das Handbuch (englisch) im Browser</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Resume</source>
      <translation>Fortsetzen</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>Run</source>
      <translation>Lauf</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>What to do with the selected run</source>
      <translation>Was mit dem gewählten Lauf geschehen soll</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>More</source>
      <translation>Mehr</translation>
    </message>
    <message>
      <location filename="ui/runs/actions.py" />
      <source>More actions</source>
      <translation>Weitere Aktionen</translation>
    </message>
    <message>
      <location filename="ui/runs/chart.py" />
      <source>No values yet</source>
      <translation>Noch keine Werte</translation>
    </message>
    <message>
      <location filename="ui/runs/chart.py" />
      <source>Step {cursor:.0f}, {names}</source>
      <translation>Schritt {cursor:.0f}, {names}</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Run folders</source>
      <translation>Ordner für Läufe</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Runs in these folders, and in the folders inside them, are listed beside those started here.</source>
      <translation>Läufe in diesen Ordnern, und in den Ordnern darin, werden neben den hier gestarteten aufgeführt.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Search this folder no longer; nothing is deleted</source>
      <translation>Diesen Ordner nicht mehr durchsuchen; gelöscht wird nichts</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>End {state} at once?</source>
      <translation>{state} sofort beenden?</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>What came after its last checkpoint is lost.</source>
      <translation>Was nach seinem letzten Zwischenstand kam, ist verloren.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>End it</source>
      <translation>Beenden</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Loading the predictions of {state}</source>
      <translation>Vorhersagen von {state} werden geladen</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Export {state}</source>
      <translation>{state} exportieren</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Zip (*.zip)</source>
      <translation>Zip (*.zip)</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Exporting {state}</source>
      <translation>{state} wird exportiert</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>{state} is in {file}.</source>
      <translation>{state} ist in {file}.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Import a run</source>
      <translation>Lauf importieren</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Zip of a run (*.zip)</source>
      <translation>Zip-Datei eines Laufs (*.zip)</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Where the run folder goes</source>
      <translation>Wohin der Laufordner kommt</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>The run is in {run}.</source>
      <translation>Der Lauf ist in {run}.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Importing {file}</source>
      <translation>{file} wird importiert</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Its settings, labels, checkpoints and model in {folder} are deleted. Other files there stay.</source>
      <translation>Seine Einstellungen, Labels, Zwischenstände und sein Modell in {folder} werden gelöscht. Andere Dateien dort bleiben.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>What is on {server}, in {folder}, stays there.</source>
      <translation>Was auf {server} in {folder} liegt, bleibt dort.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Delete {state}?</source>
      <translation>{state} löschen?</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Delete</source>
      <translation>Löschen</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source> {folder} still holds other files.</source>
      <translation> In {folder} liegen noch andere Dateien.</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>{state} is deleted.{rest}</source>
      <translation>{state} ist gelöscht.{rest}</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Deleting {state}</source>
      <translation>{state} wird gelöscht</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Take the imagery of {state} along?</source>
      <translation>Die Bilddaten von {state} mitnehmen?</translation>
    </message>
    <message>
      <location filename="ui/runs/commands.py" />
      <source>Another machine needs it, unless it finds the same files at the same paths.</source>
      <translation>Ein anderer Rechner braucht sie, außer wenn er dieselben Dateien unter denselben Pfaden findet.</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>{name}: which</source>
      <translation>{name}: welche</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Run and state</source>
      <translation>Lauf und Zustand</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>What to know</source>
      <translation>Was zu wissen ist</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Stage</source>
      <translation>Stufe</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Device</source>
      <translation>Gerät</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Note</source>
      <translation>Hinweis</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Warning</source>
      <translation>Warnung</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Loss curves</source>
      <translation>Verlustkurven</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>Validation curves</source>
      <translation>Validierungskurven</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>GeoDistil runs</source>
      <translation>GeoDistil: Läufe</translation>
    </message>
    <message>
      <location filename="ui/runs/dock.py" />
      <source>There are no runs yet. Train a network with Plugins &gt; GeoDistil &gt; Train a model…, or show where runs are.</source>
      <translation>Es gibt noch keine Läufe. Trainieren Sie ein Netz mit Erweiterungen &gt; GeoDistil &gt; Modell trainieren…, oder zeigen Sie, wo Läufe sind.</translation>
    </message>
    <message>
      <location filename="ui/runs/table.py" />
      <source>State</source>
      <translation>Zustand</translation>
    </message>
    <message>
      <location filename="ui/runs/table.py" />
      <source>Time left</source>
      <translation>Restzeit</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Server</source>
      <translation>Server</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>as SSH is set up</source>
      <translation>wie in SSH eingestellt</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>at once</source>
      <translation>sofort</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>by Slurm (sbatch)</source>
      <translation>von Slurm (sbatch)</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>none: the agent and SSH's settings</source>
      <translation>keine: der Agent und die SSH-Einstellungen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Name</source>
      <translation>&amp;Name</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>What it is called in GeoDistil</source>
      <translation>Wie er in GeoDistil heißt</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Host</source>
      <translation>&amp;Host</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Its address, or its name in SSH's settings (~/.ssh/config)</source>
      <translation>Seine Adresse oder sein Name in den SSH-Einstellungen (~/.ssh/config)</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;User</source>
      <translation>&amp;Benutzer</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Who logs in there</source>
      <translation>Wer sich dort anmeldet</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Port</source>
      <translation>&amp;Port</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Usually 22</source>
      <translation>Meist 22</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Key</source>
      <translation>S&amp;chlüssel</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>File of a private key without passphrase; others belong in the agent</source>
      <translation>Datei eines privaten Schlüssels ohne Passphrase; andere gehören in den Agenten</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Folder there</source>
      <translation>&amp;Ordner dort</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Where imagery and runs are copied to</source>
      <translation>Wohin Bilddaten und Läufe kopiert werden</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>P&amp;ython there</source>
      <translation>P&amp;ython dort</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>What starts the engine's Python, as one types it there</source>
      <translation>Was das Python der Engine startet, wie man es dort eintippt</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Started</source>
      <translation>&amp;Start</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Whether a training starts at once or waits for its turn</source>
      <translation>Ob ein Training sofort startet oder wartet, bis es an der Reihe ist</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Options of sbatch</source>
      <translation>Op&amp;tionen von sbatch</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>As one types them there</source>
      <translation>Wie man sie dort eintippt</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Passwords are neither asked for nor kept: a key of yours must be known to the server.</source>
      <translation>Passwörter werden weder erfragt noch gespeichert: Der Server muss einen Schlüssel von Ihnen kennen.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Servers</source>
      <translation>Server</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Add…</source>
      <translation>&amp;Hinzufügen…</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Describe a server</source>
      <translation>Einen Server beschreiben</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Edit…</source>
      <translation>&amp;Bearbeiten…</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Change the selected server's description</source>
      <translation>Die Beschreibung des gewählten Servers ändern</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Forget the selected server; what is on it stays there</source>
      <translation>Den gewählten Server vergessen; was auf ihm liegt, bleibt dort</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>&amp;Test</source>
      <translation>&amp;Testen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Connect to the selected server and see what a training needs</source>
      <translation>Mit dem gewählten Server verbinden und nachsehen, was ein Training braucht</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Test no longer</source>
      <translation>Nicht weiter testen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Testing {server}… The engine there takes some seconds.</source>
      <translation>{server} wird getestet… Die Engine dort braucht einige Sekunden.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Test the server {server}</source>
      <translation>Server {server} testen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Folder {folder}, Python {python}</source>
      <translation>Ordner {folder}, Python {python}</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>{server} is ready: Python {python}, engine {engine}, {device}, {free} GB free in {folder}.</source>
      <translation>{server} ist bereit: Python {python}, Engine {engine}, {device}, {free} GB frei in {folder}.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>The plugin brings engine {here}; install that one there, too.</source>
      <translation>Das Plugin bringt die Engine {here} mit; installieren Sie diese auch dort.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Look at the host key of {server}</source>
      <translation>Hostschlüssel von {server} ansehen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>{server} shows this host key for the first time:</source>
      <translation>{server} zeigt diesen Hostschlüssel zum ersten Mal:</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Accept it only where whoever runs the server tells you the same.</source>
      <translation>Nehmen Sie ihn nur an, wenn, wer den Server betreibt, Ihnen denselben nennt.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Accept the key</source>
      <translation>Schlüssel annehmen</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>The host key was not accepted, so nothing was sent.</source>
      <translation>Der Hostschlüssel wurde nicht angenommen; deshalb wurde nichts gesendet.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>Servers that are reached by SSH can train: their names are among the devices of the training wizard.</source>
      <translation>Server, die über SSH erreichbar sind, können trainieren: Ihre Namen stehen unter den Geräten des Trainingsassistenten.</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>What the test has found</source>
      <translation>Was der Test gefunden hat</translation>
    </message>
    <message>
      <location filename="ui/servers_page.py" />
      <source>GeoDistil: servers</source>
      <translation>GeoDistil: Server</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>No view is predicted yet.</source>
      <translation>Noch ist keine Ansicht vorhergesagt.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Predict this view first.</source>
      <translation>Sagen Sie zuerst die Ansicht vorher.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Keep the predicted view in this folder</source>
      <translation>Vorhergesagte Ansicht in diesem Ordner behalten</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Keep the predicted view</source>
      <translation>Vorhergesagte Ansicht behalten</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>There is no model to predict this view with.</source>
      <translation>Es gibt kein Modell, um diese Ansicht vorherzusagen.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Train one, or add one in GeoDistil &gt; Models.</source>
      <translation>Trainieren Sie eines, oder fügen Sie unter GeoDistil &gt; Modelle eines hinzu.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Look at the model</source>
      <translation>Modell ansehen</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>The map shows no imagery to predict.</source>
      <translation>Die Karte zeigt keine Bilddaten, die vorhergesagt werden können.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>Add imagery, or choose Predict this view in a raster's menu.</source>
      <translation>Fügen Sie Bilddaten hinzu, oder wählen Sie Ansicht vorhersagen im Menü eines Rasters.</translation>
    </message>
    <message>
      <location filename="ui/view/predictor.py" />
      <source>The predicted view is kept in {folder}: {names}.</source>
      <translation>Die vorhergesagte Ansicht bleibt in {folder}: {names}.</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Predict this view</source>
      <translation>Ansicht vorhersagen</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Predict what the map shows with the current model; pressed down, after each pan and zoom, too</source>
      <translation>Vorhersagen, was die Karte zeigt, mit dem aktuellen Modell; gedrückt auch nach jedem Verschieben und Zoomen</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Predict this view once</source>
      <translation>Ansicht einmal vorhersagen</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Keep the predicted view…</source>
      <translation>Vorhergesagte Ansicht behalten…</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Remove the predicted view</source>
      <translation>Vorhergesagte Ansicht entfernen</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Swipe</source>
      <translation>Wischen</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Compare the predicted view, or the selected layers, with what lies below: drag the line over the map</source>
      <translation>Die vorhergesagte Ansicht oder die gewählten Layer mit dem vergleichen, was darunter liegt: Ziehen Sie die Linie über die Karte</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Current model</source>
      <translation>Aktuelles Modell</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>Predicting the view…</source>
      <translation>Die Ansicht wird vorhergesagt…</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>There is nothing to swipe: predict this view, or select layers that lie over others, first.</source>
      <translation>Es gibt nichts zu wischen: Sagen Sie zuerst die Ansicht vorher, oder wählen Sie Layer, die über anderen liegen.</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>below</source>
      <translation>darunter</translation>
    </message>
    <message>
      <location filename="ui/view/tools.py" />
      <source>selected layers</source>
      <translation>gewählte Layer</translation>
    </message>
    <message>
      <location filename="ui/widgets.py" />
      <source>Problem</source>
      <translation>Problem</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Check</source>
      <translation>Prüfung</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>The engine opens every layer, counts labels, divides the ground and builds the networks.</source>
      <translation>Die Engine öffnet jeden Layer, zählt Labels, teilt das Gelände auf und baut die Netze.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Show the split on the &amp;map</source>
      <translation>Aufteilung in der &amp;Karte zeigen</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Check &amp;again</source>
      <translation>&amp;Erneut prüfen</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Looking how much imagery {layer} has there…</source>
      <translation>Es wird nachgesehen, wie viele Bilddaten {layer} dort hat…</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Looking at the layers…</source>
      <translation>Die Layer werden angesehen…</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Ready to train, with something to know.</source>
      <translation>Bereit zum Trainieren, mit Hinweisen.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Ready to train.</source>
      <translation>Bereit zum Trainieren.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Nothing to complain of.</source>
      <translation>Nichts zu beanstanden.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>This run cannot be trained yet.</source>
      <translation>Dieser Lauf kann noch nicht trainiert werden.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Task</source>
      <translation>Aufgabe</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>In the labelled area</source>
      <translation>Im gelabelten Gebiet</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Labels by class</source>
      <translation>Labels je Klasse</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>The imagery of {layer} is not fetched.</source>
      <translation>Die Bilddaten von {layer} werden nicht geholt.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Choose a smaller extent or larger pixels on the page Sources.</source>
      <translation>Wählen Sie auf der Seite „Quellen“ eine kleinere Ausdehnung oder größere Pixel.</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>{gsd} m per pixel, bands {bands} ({type}), {area} ha of labelled ground to train on</source>
      <translation>{gsd} m je Pixel, Kanäle {bands} ({type}), {area} ha gelabeltes Gelände zum Trainieren</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Network {}: {}</source>
      <translation>{}: {}</translation>
    </message>
    <message>
      <location filename="ui/wizard/check_page.py" />
      <source>Budget: {}</source>
      <translation>Budget: {}</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Merge</source>
      <translation>Zusammenlegen</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Make the selected classes one</source>
      <translation>Macht aus den gewählten Klassen eine</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Take apart</source>
      <translation>Trennen</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Make a class of each value again</source>
      <translation>Macht aus jedem Wert wieder eine Klasse</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Left out, its labels count nowhere: neither as a class nor as background</source>
      <translation>Weggelassen, ihre Labels zählen nirgends: weder als Klasse noch als Hintergrund</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Names and colours come from the layers. Rename, merge or leave out; colours are those of the map.</source>
      <translation>Namen und Farben kommen aus den Layern. Umbenennen, zusammenlegen oder weglassen; die Farben sind die der Karte.</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Found as boxes</source>
      <translation>Als Boxen gefunden</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>Found as areas</source>
      <translation>Als Flächen gefunden</translation>
    </message>
    <message>
      <location filename="ui/wizard/classes_page.py" />
      <source>&amp;Ground without a label is a class of its own (background)</source>
      <translation>&amp;Gelände ohne Label ist eine eigene Klasse (Hintergrund)</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Model packages (*.zip item.json)</source>
      <translation>Modellpakete (*.zip item.json)</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Reading the model's card…</source>
      <translation>Die Modellkarte wird gelesen…</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Read the model's card</source>
      <translation>Modellkarte lesen</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Advanced</source>
      <translation>Erweitert</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>that of the finest labelled raster</source>
      <translation>die des feinsten gelabelten Rasters</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Side of the pieces the network learns from, a multiple of 32 pixels</source>
      <translation>Kantenlänge der Stücke, aus denen das Netz lernt, ein Vielfaches von 32 Pixeln</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>Chips learned from at a time; lower it where memory runs out</source>
      <translation>Wie viele Ausschnitte auf einmal gelernt werden; verkleinern, wo der Speicher nicht reicht</translation>
    </message>
    <message>
      <location filename="ui/wizard/fields.py" />
      <source>The same seed gives the same training again, as far as the device allows</source>
      <translation>Derselbe Startwert ergibt wieder dasselbe Training, soweit das Gerät es zulässt</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>Recipe</source>
      <translation>Rezept</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>How the network learns. The suggestion follows from what your imagery is labelled for.</source>
      <translation>Wie das Netz lernt. Der Vorschlag folgt daraus, wofür Ihre Bilddaten gelabelt sind.</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>Size of its &amp;teachers</source>
      <translation>Größe der &amp;Lehrernetze</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>&amp;Model that teaches</source>
      <translation>&amp;Modell, das lehrt</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>&amp;Start from a model</source>
      <translation>Mit einem Modell &amp;beginnen</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>Suggested: {}. {}</source>
      <translation>Vorschlag: {}. {}</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>Si&amp;ze of the network</source>
      <translation>Größe des &amp;Netzes</translation>
    </message>
    <message>
      <location filename="ui/wizard/recipe_page.py" />
      <source>Training goes on from what the model knows: classes of the same name are kept, others are learned anew. Its network, bands and ground sampling distance are taken.</source>
      <translation>Das Training geht von dem aus, was das Modell kann: Klassen gleichen Namens bleiben, andere werden neu gelernt. Netz, Kanäle und Bodenauflösung sind die des Modells.</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>The training is a process of its own: it goes on when QGIS closes, and the runs dock finds it again.</source>
      <translation>Das Training ist ein eigener Prozess: Es geht weiter, wenn QGIS schließt, und das Fenster der Läufe findet es wieder.</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>minutes</source>
      <translation>Minuten</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>epochs</source>
      <translation>Epochen</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>steps</source>
      <translation>Schritte</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Estimate time and memory</source>
      <translation>Zeit und Speicher &amp;schätzen</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Has the engine train each stage for a few steps; takes up to a minute</source>
      <translation>Lässt die Engine jede Stufe einige Schritte trainieren; dauert bis zu einer Minute</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>auto takes the fastest; all: every graphics card shares the work; cuda:1 is the second card</source>
      <translation>auto nimmt das schnellste; all: alle Grafikkarten teilen sich die Arbeit; cuda:1 ist die zweite Karte</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Ser&amp;vers…</source>
      <translation>Ser&amp;ver…</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Describe and test servers that can train</source>
      <translation>Server beschreiben und testen, die trainieren können</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Wait until no other training uses the device</source>
      <translation>W&amp;arten, bis kein anderes Training das Gerät nutzt</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>The runs dock starts it then</source>
      <translation>Das Fenster der Läufe startet es dann</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Writing the run folder…</source>
      <translation>Der Laufordner wird geschrieben…</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Look at the folder for runs</source>
      <translation>Ordner für Läufe ansehen</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Looking at the folder…</source>
      <translation>Der Ordner wird angesehen…</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>The run folder will be {}</source>
      <translation>Der Laufordner wird {}</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Na&amp;me</source>
      <translation>&amp;Name</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Folder for runs</source>
      <translation>&amp;Ordner für Läufe</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Train for</source>
      <translation>&amp;Trainingszeit</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Device</source>
      <translation>&amp;Gerät</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>&amp;Predict afterwards</source>
      <translation>&amp;Danach vorhersagen</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Folder for runs</source>
      <translation>Ordner für Läufe</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Unit of the budget</source>
      <translation>Einheit des Budgets</translation>
    </message>
    <message>
      <location filename="ui/wizard/run_page.py" />
      <source>Rasters to predict afterwards</source>
      <translation>Raster, für die danach vorhergesagt wird</translation>
    </message>
    <message>
      <location filename="ui/wizard/session.py" />
      <source>Training a few steps to see how long they take…</source>
      <translation>Einige Schritte werden trainiert, um zu sehen, wie lange sie dauern…</translation>
    </message>
    <message>
      <location filename="ui/wizard/session.py" />
      <source>Estimate</source>
      <translation>Schätzung</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Selected source</source>
      <translation>Gewählte Quelle</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>{} and {} more</source>
      <translation>{} und {} weitere</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Unlabelled</source>
      <translation>Ohne Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Whole raster</source>
      <translation>Ganzes Raster</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Hull of the labels</source>
      <translation>Hülle der Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Polygons of a layer</source>
      <translation>Polygone eines Layers</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Training and validation, in blocks</source>
      <translation>Training und Validierung, in Blöcken</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Training only</source>
      <translation>Nur Training</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Validation only</source>
      <translation>Nur Validierung</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>&amp;Role</source>
      <translation>&amp;Rolle</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>What the imagery is labelled for</source>
      <translation>Wofür die Bilddaten gelabelt sind</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>&amp;Labels</source>
      <translation>&amp;Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Polygons or points; for areas also a class raster</source>
      <translation>Polygone oder Punkte; für Flächen auch ein Klassenraster</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Class &amp;field</source>
      <translation>Klassen&amp;feld</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Empty: all labels are of one class</source>
      <translation>Leer: Alle Labels gehören zu einer Klasse</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>B&amp;ox side</source>
      <translation>&amp;Boxgröße</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Side of the square around each point</source>
      <translation>Kantenlänge des Quadrats um jeden Punkt</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Labelled &amp;area</source>
      <translation>Gelabeltes &amp;Gebiet</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Inside it, ground without a label is background; outside it nothing counts</source>
      <translation>Innerhalb ist Gelände ohne Label Hintergrund; außerhalb zählt nichts</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>&amp;Polygons</source>
      <translation>&amp;Polygone</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>The labelled area</source>
      <translation>Das gelabelte Gebiet</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>&amp;Use for</source>
      <translation>&amp;Verwendung</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Validation shows how well the model does elsewhere</source>
      <translation>Die Validierung zeigt, wie gut das Modell anderswo ist</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>This raster is no file: the part that is saved as one</source>
      <translation>Dieses Raster ist keine Datei: der Teil, der als eine gespeichert wird</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Pixel &amp;size</source>
      <translation>Pixelgröß&amp;e</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>Of a web service in metres on the ground, of others in the units of their CRS</source>
      <translation>Bei einem Webdienst in Metern am Boden, bei anderen in den Einheiten ihres KBS</translation>
    </message>
    <message>
      <location filename="ui/wizard/source_editor.py" />
      <source>the raster's own</source>
      <translation>die des Rasters</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Which imagery to learn from, and what each raster is labelled for. Rasters may differ in what is labelled, in place and in resolution.</source>
      <translation>Aus welchen Bilddaten gelernt wird und wofür jedes Raster gelabelt ist. Raster dürfen sich darin unterscheiden, was gelabelt ist, im Ort und in der Auflösung.</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>On this raster</source>
      <translation>Auf diesem Raster</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Pixel</source>
      <translation>Pixel</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Add a raster</source>
      <translation>Raster hinzufügen</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Add all loaded rasters as unlabelled</source>
      <translation>Alle geladenen Raster ohne Labels hinzufügen</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Count again</source>
      <translation>Erneut zählen</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Count the labels that could not be counted</source>
      <translation>Die Labels zählen, die nicht gezählt werden konnten</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Start from an earlier run…</source>
      <translation>Mit einem früheren Lauf beginnen…</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>From a file…</source>
      <translation>Aus einer Datei…</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>Rasters</source>
      <translation>Raster</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>{} is no raster that can be opened.</source>
      <translation>{} ist kein Raster, das sich öffnen lässt.</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>A run folder</source>
      <translation>Ein Laufordner</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>(gone)</source>
      <translation>(weg)</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>hull of the labels</source>
      <translation>Hülle der Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>whole raster</source>
      <translation>ganzes Raster</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>counting…</source>
      <translation>wird gezählt…</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>no labels</source>
      <translation>keine Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>pixels</source>
      <translation>Pixel</translation>
    </message>
    <message>
      <location filename="ui/wizard/sources_page.py" />
      <source>labels</source>
      <translation>Labels</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>Train a model</source>
      <translation>Modell trainieren</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>&amp;Start training</source>
      <translation>Training sta&amp;rten</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>{error} The run is written to {folder}; start it from the runs dock.</source>
      <translation>{error} Der Lauf ist nach {folder} geschrieben; starten Sie ihn im Fenster der Läufe.</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>The training {} starts as soon as its device is free.</source>
      <translation>Das Training {} startet, sobald sein Gerät frei ist.</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>The training {} is copied to its server, and starts there.</source>
      <translation>Das Training {} wird auf seinen Server kopiert und startet dort.</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>The training {} has started; it goes on without QGIS.</source>
      <translation>Das Training {} hat begonnen; es geht ohne QGIS weiter.</translation>
    </message>
    <message>
      <location filename="ui/wizard/wizard.py" />
      <source>The run folder {folder} was written before it could be cancelled; it is listed as not started.</source>
      <translation>Der Laufordner {folder} war geschrieben, bevor abgebrochen werden konnte; er steht als nicht gestartet in der Liste.</translation>
    </message>
    <message>
      <location filename="ui/wrappers.py" />
      <source>Choose from the layer's classes</source>
      <translation>Aus den Klassen des Layers wählen</translation>
    </message>
    <message>
      <location filename="ui/wrappers.py" />
      <source>Reading the layer…</source>
      <translation>Der Layer wird gelesen…</translation>
    </message>
    <message>
      <location filename="ui/wrappers.py" />
      <source>Classes of {layer}</source>
      <translation>Klassen von {layer}</translation>
    </message>
  </context>
</TS>
