package preprocess

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOrientationAgainstPillow(t *testing.T) {
	for value := 1; value <= 8; value++ {
		for kind, allowed := range map[string]int{"png": 0, "jpg": 3} {
			name := fmt.Sprintf("exif/%d.%s", value, kind)
			b := golden(t, name)

			upright, err := DecodeBytes(b, Options{Orient: true})
			require.NoError(t, err)
			most, _ := difference(t, upright, goldenImage(t, name+".rgb.png"))
			assert.LessOrEqual(t, most, allowed, name)

			stored, err := DecodeBytes(b, Options{})
			require.NoError(t, err)
			most, _ = difference(t, stored, goldenImage(t, "exif/1."+kind+".rgb.png"))
			assert.LessOrEqual(t, most, allowed, "%s without Orient", name)
		}
	}
}

// The definition of the tag, a pixel at a time: where row 0 and column 0 of the
// stored image belong.
func TestOrient(t *testing.T) {
	m := NewImage(3, 2)
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 3) // 0 1 2 / 3 4 5
	}
	want := map[int][][]uint8{
		0: {{0, 1, 2}, {3, 4, 5}},
		1: {{0, 1, 2}, {3, 4, 5}},
		2: {{2, 1, 0}, {5, 4, 3}},
		3: {{5, 4, 3}, {2, 1, 0}},
		4: {{3, 4, 5}, {0, 1, 2}},
		5: {{0, 3}, {1, 4}, {2, 5}},
		6: {{3, 0}, {4, 1}, {5, 2}},
		7: {{5, 2}, {4, 1}, {3, 0}},
		8: {{2, 5}, {1, 4}, {0, 3}},
		9: {{0, 1, 2}, {3, 4, 5}},
	}
	for orientation, rows := range want {
		got := m.Orient(orientation)
		require.Equal(t, [2]int{len(rows[0]), len(rows)}, [2]int{got.W, got.H}, orientation)
		for y, row := range rows {
			for x, v := range row {
				assert.Equal(t, v, got.Pix[3*(y*got.W+x)+2], "orientation %d, pixel %d,%d", orientation, x, y)
			}
		}
	}
}

func TestBrokenEXIFIsIgnored(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	good := func(order binary.ByteOrder, kind uint16, count uint32, value []byte) []byte {
		b := []byte("II*\x00")
		if order == big {
			b = []byte("MM\x00*")
		}
		put := order.(binary.AppendByteOrder)
		b = put.AppendUint32(b, 8)
		b = put.AppendUint16(b, 1)
		b = put.AppendUint16(b, 0x0112)
		b = put.AppendUint16(b, kind)
		b = put.AppendUint32(b, count)
		return append(b, value...)
	}
	cases := []struct {
		name string
		tiff []byte
		want int
	}{
		{"little endian", good(little, 3, 1, []byte{6, 0, 0, 0}), 6},
		{"big endian", good(big, 3, 1, []byte{0, 8, 0, 0}), 8},
		{"long value", good(big, 4, 1, []byte{0, 0, 0, 3}), 3},
		{"value 9", good(little, 3, 1, []byte{9, 0, 0, 0}), 0},
		{"two values", good(little, 3, 2, []byte{6, 0, 6, 0}), 0},
		{"text", good(little, 2, 1, []byte{6, 0, 0, 0}), 0},
		{"cut off", good(little, 3, 1, []byte{6, 0, 0, 0})[:20], 0},
		{"directory far outside", []byte("II*\x00\xff\xff\xff\xff\x01\x00"), 0},
		{"directory at the end", []byte("II*\x00\x0a\x00\x00\x00\x01\x00"), 0},
		{"no byte order", []byte("XX*\x00\x08\x00\x00\x00\x00\x00"), 0},
		{"empty", nil, 0},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, exifOrientation(c.tiff), c.name)
	}
}
