package preprocess

import "encoding/binary"

// exifOrientation reads tag 0x0112 of the first image directory of a TIFF
// structure (Exif 2.32, section 4.6). It returns 0 where there is none or where
// its value is not 1 to 8: a broken tag never makes a photo undecodable.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == 0x0112 {
			return orientationValue(order, entries[:12])
		}
		entries = entries[12:]
	}
	return 0
}

// orientationValue reads a directory entry: tag, type (3 is SHORT, 4 LONG),
// count, value.
func orientationValue(order binary.ByteOrder, entry []byte) int {
	if order.Uint32(entry[4:]) != 1 {
		return 0
	}
	var v uint32
	switch order.Uint16(entry[2:]) {
	case 3:
		v = uint32(order.Uint16(entry[8:]))
	case 4:
		v = order.Uint32(entry[8:])
	}
	if v > 8 {
		return 0
	}
	return int(v)
}
