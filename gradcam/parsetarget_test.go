package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// labels as awkward as ImageNet's: one twice, numbers, dashes, colons.
var awkward = []string{"tabby", "crane", "Egyptian cat", "crane", "7", "black-and-tan", "top1", "x:y", "TABBY"}

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]Target{
		"top1":                              Top1(),
		"top5":                              TopK(5),
		"3":                                 Class(3),
		"=7":                                Class(4),
		"7":                                 Class(7),
		"Egyptian cat":                      Class(2),
		"egyptian CAT":                      Class(2),
		"tabby":                             Class(0),
		"TABBY":                             Class(8),
		"black-and-tan":                     Class(5),
		"=top1":                             Class(6),
		"=x:y":                              Class(7),
		"x:y":                               Class(7),
		"prob:2":                            Probability(2),
		"prob:top1":                         Seed.Retarget(Top1()),
		"prob:=7":                           Probability(4),
		"logprob:1":                         LogProbability(1),
		"rest:0":                            ReST(0),
		"margin:2-0":                        Margin(2, 0),
		"neg:3":                             Negative(Class(3)),
		"neg:top2":                          Negative(TopK(2)),
		"raw":                               RawOutput(),
		"neg:raw":                           Negative(RawOutput()),
		"binary:0":                          Binary(0),
		"binary:1":                          Binary(1),
		"anchor:12:3":                       Anchor(12, 3),
		"anchor:0:=7":                       Anchor(0, 4),
		"box:1,2,3.5,4,7":                   Boxes(0.5, Box{1, 2, 3.5, 4, 7}),
		"neg:box:1,2,3,4,7;-1,0,9,9,1@0.25": Negative(Boxes(0.25, Box{1, 2, 3, 4, 7}, Box{-1, 0, 9, 9, 1})),
	} {
		got, err := ParseTarget(in, awkward)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
}

// What a target calls itself can be read again.
func TestParseTargetReadsString(t *testing.T) {
	for _, target := range append(allTargets(2)[:8], Binary(1), RawOutput(), Anchor(5, 2), Boxes(0.75, Box{0.5, 1, 2, 3, 4}), Negative(Boxes(0, Box{0, 1, 2, 1e9, 4}))) {
		got, err := ParseTarget(target.String(), nil)
		require.NoError(t, err)
		assert.Equal(t, target, got)
	}
}

func TestParseTargetErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "target is empty",
		"=":                    `label "": no class has it`,
		"9":                    `target "9": class 9 is out of range: indices start at 0 and end at 8`,
		"-1":                   `target "-1": class -1 is out of range: indices start at 0`,
		"99999999999999999999": "out of range",
		"top0":                 `target "top0": top0 is out of range: the best class is top1`,
		"top10":                "the last top9",
		"crane":                `label "crane": classes 1, 3 have it: give one by its index`,
		"egyptain cat":         `label "egyptain cat": no class has it (did you mean "Egyptian cat"?)`,
		"zebra":                `label "zebra": no class has it`,
		"prob:":                `target "prob:": "" is no class index: give a number, topK or =LABEL`,
		"prob:tabby":           `"tabby" is no class index`,
		"prob:9":               "class 9 is out of range",
		"margin:1":             "give two classes, as margin:281-285",
		"margin:1-x":           `"x" is no class index`,
		"margin:-1-2":          `"" is no class index`,
		"margin:1-99":          "class 99 is out of range",
		"margin:2-2":           "no margin over itself",
		"neg:neg:1":            `"neg:1" is no class index`,
		"binary:2":             "give a category, binary:1 or binary:0",
		"anchor:1":             `"" is no class index`,
		"anchor:x:1":           `"x" is no position`,
		"anchor:-1:1":          `"-1" is no position`,
		"anchor:1:top1":        "top1 is chosen by the mean over positions",
		"anchor:1:9":           "class 9 is out of range",
		"box:1,2,3,4":          `"1,2,3,4" is no box: give left,top,right,bottom`,
		"box:1,2,3,4,cat":      `is no box`,
		"box:3,2,1,4,5":        `is no box`,
		"box:NaN,2,3,4,5":      `is no box`,
		"box:1,2,3,4,5@2":      `"2" is no overlap: give a number between 0 and 1`,
		"lime:3":               `label "lime:3": no class has it`,
	} {
		_, err := ParseTarget(in, awkward)
		assert.ErrorContains(t, err, want, in)
		assert.ErrorIs(t, err, ErrTarget, in)
	}
	_, err := ParseTarget("tabby", nil)
	assert.ErrorContains(t, err, "the model has no labels")
	_, err = Label("tabby", nil)
	assert.ErrorContains(t, err, "the model has no labels")
	got, err := Label("tabby", awkward)
	require.NoError(t, err)
	assert.Equal(t, Class(0), got)
	got, err = ParseTarget("2000", nil)
	require.NoError(t, err, "without labels the model says what is out of range")
	assert.Equal(t, Class(2000), got)
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"top1", "=7", "prob:2", "margin:1-2", "neg:top3", "crane", "rest:", "raw", "binary:1", "anchor:3:=7", "box:1,2,3,4,5;0,0,1,1,2@0.3", "::", "top", "=", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s, awkward)
		if err != nil {
			assert.ErrorIs(t, err, ErrTarget)
			return
		}
		again, err := ParseTarget(target.String(), awkward)
		require.NoError(t, err)
		assert.Equal(t, target, again)
	})
}
