"""XMP: what a file says of itself in XML, as a result keeps it."""

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

XMP_TAG = 700
"""TIFF's tag whose value is a packet."""
ORIENTATION = "{http://ns.adobe.com/tiff/1.0/}Orientation"
SIZES = {
    "{http://ns.adobe.com/exif/1.0/}PixelXDimension": 0,
    "{http://ns.adobe.com/exif/1.0/}PixelYDimension": 1,
    "{http://ns.adobe.com/tiff/1.0/}ImageWidth": 0,
    "{http://ns.adobe.com/tiff/1.0/}ImageLength": 1,
}
OF_OTHER_IMAGES = re.compile(
    r"\{http://ns\.adobe\.com/(xmp/note/|hdr-gain-map/)|\{http://ns\.google\.com/photos/1\.0/container/\}"
    r"|\{http://ns\.adobe\.com/xap/1\.0/\}Thumbnails$"
)
"""Previews, gain maps and further packets: images of the old colours, and pointers to what is not written."""
MOST_BYTES = 16_000_000
PACKET = (b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>', b'<?xpacket end="w"?>')


def xmp_of_result(packet: bytes, width: int, height: int) -> bytes | None:
    """The packet for an upright picture of this size, without what belongs to other images; None where it is damaged.

    A packet with a document type is taken for damaged: XMP has none, and entities may grow without end.
    """
    packet = packet.strip(b"\0 \r\n\t")
    if len(packet) > MOST_BYTES or b"<!DOCTYPE" in packet:
        return None
    try:
        root = ElementTree.fromstring(packet)
        for prefix, address in _prefixes(packet):
            if prefix and not re.fullmatch(r"ns\d+", prefix):
                ElementTree.register_namespace(prefix, address)
    except (ElementTree.ParseError, LookupError, ValueError):
        return None
    for element in root.iter():
        for child in [child for child in element if OF_OTHER_IMAGES.match(child.tag)]:
            element.remove(child)
        for name in [name for name in element.attrib if OF_OTHER_IMAGES.match(name)]:
            del element.attrib[name]
        for name in element.attrib:
            element.attrib[name] = _put_right(name, element.attrib[name], width, height)
        if element.text:
            element.text = _put_right(element.tag, element.text, width, height)
    return b"\n".join([PACKET[0], ElementTree.tostring(root, encoding="utf-8"), PACKET[1]])


def _put_right(name: str, value: str, width: int, height: int) -> str:
    if name == ORIENTATION:
        return "1"
    return str((width, height)[SIZES[name]]) if name in SIZES else value


def _prefixes(packet: bytes) -> Iterator[tuple[str, str]]:
    for _, (prefix, address) in ElementTree.iterparse(io.BytesIO(packet), events=["start-ns"]):
        yield prefix, address
