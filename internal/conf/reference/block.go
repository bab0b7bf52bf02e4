package reference

import (
	"fmt"
	"strings"
)

// Put puts text into the document's block of the name, which lies between two
// comments, and returns the document.
func Put(document, name, text string) (string, error) {
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end of "+name+" -->"
	head, rest, ok := strings.Cut(document, begin)
	_, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", fmt.Errorf("the document has no block %q", name)
	}
	return head + begin + "\n" + strings.TrimSpace(text) + "\n\n" + end + tail, nil
}
