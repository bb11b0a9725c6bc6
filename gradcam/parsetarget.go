package gradcam

import (
	"strconv"
	"strings"
)

// ParseTarget reads a target as people write it:
//
//	top1, topK        the class with the highest (k-th highest) output
//	N                 class N
//	LABEL, =LABEL     the class of that name; =7 is the label "7"
//	prob:N            its probability
//	logprob:N         the logarithm of its probability
//	rest:N            its output minus its cross-entropy
//	margin:A-B        the output of class A minus that of class B
//	neg:N             what speaks against it
//	raw               the only number of the output
//	binary:1          the only output, for category 1; binary:0 against it
//	anchor:P:N        the output of class N at position P: an anchor, a pixel, a token
//	box:L,T,R,B,N     a box of a detector, left, top, right and bottom in pixels, and
//	                  its label; several with ; between, @0.6 after them for the overlap
//
// Where N stands after a colon, topK and =LABEL do as well; after neg: so do the
// other forms. labels may be nil; with labels, a class that has none is out of
// range.
func ParseTarget(s string, labels []string) (Target, error) {
	word, operand, _ := strings.Cut(s, ":")
	if word != "neg" {
		return parsePositive(s, s, labels)
	}
	t, err := parsePositive(s, operand, labels)
	if err != nil {
		return nil, err
	}
	return Negative(t), nil
}

// parsePositive reads what may stand after neg:. A bare label may not, as what
// follows a colon is a number far more often than a name.
func parsePositive(whole, s string, labels []string) (Target, error) {
	word, operand, found := strings.Cut(s, ":")
	of := logit
	switch {
	case s == "raw":
		return RawOutput(), nil
	case !found:
		operand = s
	case word == "prob":
		of = probability
	case word == "logprob":
		of = logProbability
	case word == "rest":
		of = rest
	case word == "margin":
		return parseMargin(whole, operand, labels)
	case word == "binary":
		return parseBinary(whole, operand)
	case word == "anchor":
		return parseAnchor(whole, operand, labels)
	case word == "box":
		return parseBoxes(whole, operand)
	default:
		operand = s
	}
	pick, err := parseClass(whole, operand, labels, operand == whole)
	if err != nil {
		return nil, err
	}
	return classTarget{of, pick}, nil
}

// parseMargin reads A-B. Labels may contain dashes, so only numbers will do.
func parseMargin(whole, operand string, labels []string) (Target, error) {
	first, second, found := strings.Cut(operand, "-")
	if !found {
		return nil, markf(ErrTarget, "target %q: give two classes, as margin:281-285", whole)
	}
	a, err := parseIndex(whole, first, labels)
	if err != nil {
		return nil, err
	}
	b, err := parseIndex(whole, second, labels)
	if err != nil {
		return nil, err
	}
	if a == b {
		return nil, markf(ErrTarget, "target %q: a class has no margin over itself", whole)
	}
	return Margin(a, b), nil
}

// parseClass reads topK, N or =LABEL, and a bare label if that is allowed.
func parseClass(whole, s string, labels []string, bare bool) (picker, error) {
	if name, ok := strings.CutPrefix(s, "="); ok {
		i, err := labelIndex(name, labels)
		return fixedClass(i), err
	}
	if digits, ok := strings.CutPrefix(s, "top"); ok && number(digits) {
		k, err := strconv.Atoi(digits)
		if err != nil || k < 1 || len(labels) > 0 && k > len(labels) {
			return nil, markf(ErrTarget, "target %q: %s is out of range: the best class is top1%s", whole, s, upTo(labels))
		}
		return rank(k), nil
	}
	if number(s) || number(strings.TrimPrefix(s, "-")) || !bare {
		i, err := parseIndex(whole, s, labels)
		return fixedClass(i), err
	}
	if s == "" {
		return nil, markf(ErrTarget, "target is empty: give top1, a class index or a label")
	}
	i, err := labelIndex(s, labels)
	return fixedClass(i), err
}

func parseIndex(whole, s string, labels []string) (int, error) {
	i, err := strconv.Atoi(s)
	switch {
	case err != nil && !number(s):
		return 0, markf(ErrTarget, "target %q: %q is no class index: give a number, topK or =LABEL", whole, s)
	case err != nil, i < 0, len(labels) > 0 && i >= len(labels):
		return 0, markf(ErrTarget, "target %q: class %s is out of range: indices start at 0%s", whole, s, lastClass(labels))
	}
	return i, nil
}

func upTo(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return ", the last top" + strconv.Itoa(len(labels))
}

func lastClass(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return " and end at " + strconv.Itoa(len(labels)-1)
}

// number says that s is made of digits.
func number(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
