"""A server of tiles and maps on this machine whose pixels say where they are; it stalls, bans and dies when told."""

import http.server
import re
import struct
import threading
import time
import zlib
from urllib.parse import parse_qs, urlsplit

import numpy as np

SIDE = 20037508.342789244
WEST, NORTH = 500000.0, 5000000.0
"""Corner of the WMTS's matrix, in EPSG:32633."""


def colours(columns, rows):
    """What the ground shows: red and green count pixels from the corner, blue tells the tile of 256 pixels."""
    across, down = np.meshgrid(columns, rows)
    blue = (across // 256 * 7 + down // 256 * 13) % 256
    return np.stack([across % 256, down % 256, blue], -1).astype("uint8")


def png(image):
    """Written here, for its threads are not Qt's."""
    height, width, _ = image.shape
    rows = np.concatenate([np.zeros((height, 1), "uint8"), image.reshape(height, -1)], 1).tobytes()
    parts = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT": zlib.compress(rows), b"IEND": b""}
    named = ((len(data), name + data) for name, data in parts.items())
    chunks = (struct.pack(">I", size) + each + struct.pack(">I", zlib.crc32(each)) for size, each in named)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tile(column, row, side=256):
    return png(colours(np.arange(side) + column * side, np.arange(side) + row * side))


WMS = """<?xml version="1.0"?><WMS_Capabilities version="{version}" xmlns="http://www.opengis.net/wms"
 xmlns:xlink="http://www.w3.org/1999/xlink"><Service><Name>WMS</Name><Title>town</Title>
<MaxWidth>300</MaxWidth><MaxHeight>200</MaxHeight></Service><Capability><Request>
<GetCapabilities><Format>text/xml</Format><DCPType><HTTP><Get><OnlineResource xlink:href="{place}/wms?"/></Get></HTTP>
</DCPType></GetCapabilities><GetMap><Format>image/png</Format><DCPType><HTTP><Get>
<OnlineResource xlink:href="{place}/maps?"/></Get></HTTP></DCPType></GetMap></Request><Layer><Title>all</Title>
<CRS>EPSG:32633</CRS><CRS>EPSG:4326</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>14.9</westBoundLongitude><eastBoundLongitude>15.1</eastBoundLongitude>
<southBoundLatitude>45.0</southBoundLatitude><northBoundLatitude>45.3</northBoundLatitude></EX_GeographicBoundingBox>
<BoundingBox CRS="EPSG:32633" minx="490000" miny="4990000" maxx="510000" maxy="5010000"/>
<BoundingBox CRS="EPSG:4326" minx="45.0" miny="14.9" maxx="45.3" maxy="15.1"/>
<Layer><Name>ortho</Name><Title>ortho</Title><Attribution><Title>Land survey</Title></Attribution></Layer>
</Layer></Capability></WMS_Capabilities>"""

WMTS = """<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0" version="1.0.0"
 xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink"><ows:OperationsMetadata>
<ows:Operation name="GetTile"><ows:DCP><ows:HTTP><ows:Get xlink:href="{place}/tiles?">
<ows:Constraint name="GetEncoding">
<ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get></ows:HTTP></ows:DCP>
</ows:Operation></ows:OperationsMetadata><Contents><Layer><ows:Title>ortho</ows:Title>
<ows:WGS84BoundingBox><ows:LowerCorner>15 45.14</ows:LowerCorner><ows:UpperCorner>15.02 45.16</ows:UpperCorner>
</ows:WGS84BoundingBox><ows:Identifier>ortho</ows:Identifier>
<Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style><Format>image/png</Format>
<TileMatrixSetLink><TileMatrixSet>utm</TileMatrixSet></TileMatrixSetLink>{resource}</Layer>
<TileMatrixSet><ows:Identifier>utm</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::32633</ows:SupportedCRS>
{matrices}</TileMatrixSet></Contents></Capabilities>"""
MATRIX = """<TileMatrix><ows:Identifier>{name}</ows:Identifier><ScaleDenominator>{scale}</ScaleDenominator>
<TopLeftCorner>{west} {north}</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight>
<MatrixWidth>{columns}</MatrixWidth><MatrixHeight>{columns}</MatrixHeight></TileMatrix>"""
MATRICES = "".join(
    MATRIX.format(name=name, scale=size / 0.00028, west=WEST, north=NORTH, columns=columns)
    for name, size, columns in (("coarse", 2.0, 2), ("fine", 0.5, 8))
)
TEMPLATE = "{place}/utm/{{TileMatrix}}/{{TileRow}}/{{TileCol}}"
RESOURCE = f'<ResourceURL format="image/png" resourceType="tile" template="{TEMPLATE}"/>'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers; first of all as `server.manner(path, how often it was asked)` says: (status, headers, body), or none."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        with server.lock:
            server.asked.append(self.path)
            server.seen.append(dict(self.headers))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            count = server.asked.count(self.path)
        try:
            self._answer(server.manner(self.path, count) or self._usual())
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with server.lock:
                server.at_once -= 1

    def _usual(self):
        server, parts = self.server, urlsplit(self.path)
        query = {name.upper(): values[0] for name, values in parse_qs(parts.query).items()}
        xyz = re.fullmatch(r"/(\d+)/(\d+)/(\d+)\.png", parts.path)
        utm = re.fullmatch(r"/utm/(\w+)/(\d+)/(\d+)", parts.path)
        if xyz:
            time.sleep(server.delay)
            return 200, {"Content-Type": "image/png"}, tile(int(xyz[2]), int(xyz[3]))
        if utm:
            return 200, {"Content-Type": "image/png"}, tile(int(utm[3]), int(utm[2]))
        if query.get("REQUEST") == "GetTile":
            return 200, {"Content-Type": "image/png"}, tile(int(query["TILECOL"]), int(query["TILEROW"]))
        if query.get("REQUEST") == "GetCapabilities":
            return 200, {"Content-Type": "text/xml"}, self._capabilities(query).encode()
        return 200, {"Content-Type": "image/png"}, self._map(query)

    def _capabilities(self, query):
        place = self.server.place
        if query["SERVICE"] == "WMS":
            return WMS.format(place=place, version="1.3.0")
        resource = RESOURCE.format(place=place) if "rest" in self.path else ""
        return WMTS.format(place=place, matrices=MATRICES, resource=resource)

    def _map(self, query):
        box = [float(each) for each in query["BBOX"].split(",")]
        if query["CRS"] == "EPSG:4326":  # latitude first, since 1.3.0
            box = [box[1], box[0], box[3], box[2]]
        width, height = int(query["WIDTH"]), int(query["HEIGHT"])
        assert width <= 300 and height <= 200, "larger than the service allows"
        size = (box[2] - box[0]) / width
        return png(colours(round(box[0] / size) + np.arange(width), round(-box[3] / size) + np.arange(height)))

    def _answer(self, answer):
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.close_connection = "Content-Length" in headers  # less than was promised
        if status != 204 and not self.close_connection:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.asked, self.seen, self.at_once, self.most_at_once = [], [], 0, 0
        self.lock, self.delay = threading.Lock(), 0.0
        self.manner = lambda path, count: None
        self.place = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, address):
        pass

    def end(self):
        self.shutdown()
        self.server_close()

    def tiles(self):
        """Paths of tiles that were asked for."""
        return [path for path in self.asked if path.endswith(".png")]
