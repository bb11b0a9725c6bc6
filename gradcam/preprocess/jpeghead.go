package preprocess

import (
	"encoding/binary"
	"fmt"
)

// JPEG markers (ITU-T T.81, table B.1).
const (
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	app0  = 0xe0
	app1  = 0xe1
	app14 = 0xee
	app15 = 0xef
	com   = 0xfe
)

// colourSpace is what the components of a JPEG mean.
type colourSpace int

const (
	spaceGrey colourSpace = iota
	spaceYCC
	spaceRGB
	spaceCMYK
	spaceYCCK
)

// jpegHead is what the segments before the first scan say.
type jpegHead struct {
	w, h  int
	space colourSpace
	// chroma is the subsampling of the second and third of four components, the
	// same in both directions; other files of four are not decoded.
	chroma int
	// orientation is the EXIF orientation, 1 to 8, or 0 where there is none.
	orientation int
	// tables are the segments that the entropy decoder needs, frame header
	// included, without SOI; application segments and comments are left out.
	tables []byte
	// scan is the offset of the first scan's marker.
	scan int
}

// readJPEGHead walks the segments up to the first scan.
func readJPEGHead(b []byte) (jpegHead, error) {
	var (
		head  jpegHead
		frame []byte
		jfif  bool
		adobe = -1 // the transform of an Adobe segment
	)
	for at := 2; ; {
		marker, start, err := nextMarker(b, at)
		if err != nil {
			return head, err
		}
		if marker == eoi {
			return head, fmt.Errorf("JPEG without image data: %w", ErrCorrupt)
		}
		if marker == soi || marker == 1 || marker >= 0xd0 && marker <= 0xd7 { // no length
			at = start + 2
			continue
		}
		body, next, err := segment(b, start+2)
		if err != nil {
			return head, err
		}
		switch {
		case marker == sos:
			if frame == nil {
				return head, fmt.Errorf("JPEG scan without a frame header: %w", ErrCorrupt)
			}
			head.scan = start
			head.space = jpegSpace(frame, jfif, adobe)
			return head, nil
		case marker == app0:
			jfif = jfif || len(body) >= 14 && string(body[:5]) == "JFIF\x00"
		case marker == app1 && head.orientation == 0:
			if len(body) > 6 && string(body[:6]) == "Exif\x00\x00" {
				head.orientation = exifOrientation(body[6:])
			}
		case marker == app14 && len(body) >= 12 && string(body[:5]) == "Adobe":
			adobe = int(body[11])
		case marker >= app0 && marker <= app15 || marker == com:
		default:
			if isFrame(marker) {
				if frame, err = jpegFrame(marker, body); err != nil {
					return head, err
				}
				head.h = int(binary.BigEndian.Uint16(frame[1:]))
				head.w = int(binary.BigEndian.Uint16(frame[3:]))
				head.chroma = int(frame[7] >> 4)
			}
			head.tables = append(head.tables, 0xff, marker)
			head.tables = append(head.tables, b[start+2:next]...)
		}
		at = next
	}
}

// nextMarker finds the first marker at or after offset at; start is where its
// 0xff lies. Bytes between segments are skipped, as libjpeg does.
func nextMarker(b []byte, at int) (marker byte, start int, err error) {
	for ; at+1 < len(b); at++ {
		if b[at] == 0xff && b[at+1] != 0xff && b[at+1] != 0 {
			return b[at+1], at, nil
		}
	}
	return 0, 0, fmt.Errorf("JPEG ends before its image data: %w", ErrTruncated)
}

// segment is the content of the segment whose length field lies at offset at.
func segment(b []byte, at int) (body []byte, next int, err error) {
	if at+2 > len(b) {
		return nil, 0, fmt.Errorf("JPEG ends before its image data: %w", ErrTruncated)
	}
	n := int(binary.BigEndian.Uint16(b[at:]))
	if n < 2 {
		return nil, 0, fmt.Errorf("JPEG segment of length %d: %w", n, ErrCorrupt)
	}
	if at+n > len(b) {
		return nil, 0, fmt.Errorf("JPEG ends before its image data: %w", ErrTruncated)
	}
	return b[at+2 : at+n], at + n, nil
}

// isFrame says whether the marker begins a frame, of whatever coding.
func isFrame(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}

// jpegFrame checks a frame header (T.81, B.2.2): precision, height, width,
// components.
func jpegFrame(marker byte, body []byte) ([]byte, error) {
	switch {
	case marker > 0xc2:
		return nil, fmt.Errorf("%w: JPEG with lossless, hierarchical or arithmetic coding is not decoded; "+
			"save it as a baseline JPEG", ErrUnsupported)
	case len(body) < 6 || len(body) != 6+3*int(body[5]):
		return nil, fmt.Errorf("JPEG frame header of %d bytes: %w", len(body), ErrCorrupt)
	case body[0] != 8:
		return nil, fmt.Errorf("%w: JPEG with %d bits a sample is not decoded; save it with 8",
			ErrUnsupported, body[0])
	case body[5] != 1 && body[5] != 3 && body[5] != 4:
		return nil, fmt.Errorf("%w: JPEG with %d components is not decoded; save it as RGB",
			ErrUnsupported, body[5])
	case body[1]|body[2] == 0 || body[3]|body[4] == 0:
		return nil, fmt.Errorf("JPEG of size 0: %w", ErrCorrupt)
	}
	return body, nil
}

// jpegSpace decides as libjpeg does (default_decompress_parms of jdapimin.c)
// what the components mean. adobe is -1 where no Adobe segment is present.
func jpegSpace(frame []byte, jfif bool, adobe int) colourSpace {
	switch frame[5] {
	case 1:
		return spaceGrey
	case 4:
		if adobe <= 0 {
			return spaceCMYK
		}
		return spaceYCCK
	}
	ids := string([]byte{frame[6], frame[9], frame[12]})
	if !jfif && (adobe == 0 || adobe < 0 && ids == "RGB") {
		return spaceRGB
	}
	return spaceYCC
}
