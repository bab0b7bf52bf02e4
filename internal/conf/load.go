package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Validator is a configuration that can check itself. The errors it returns
// should carry a path from [Field].
type Validator interface{ Validate() error }

// Load reads the YAML file into v, which holds the defaults. An empty path
// leaves v as it is. If v is a [Validator] it is asked to validate itself.
func Load(path string, v any) error {
	var data []byte
	if path != "" {
		var err error
		if data, err = read(path); err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
	}
	return Parse(path, data, v)
}

// maxFile is far more than any configuration has.
const maxFile = 4 << 20

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s has more than %d MiB, so it cannot be a configuration", path, maxFile>>20)
	}
	return data, err
}

// Parse does what [Load] does with a file's content; path is for messages.
// The error has one line for each fault: file:line: key: what is wrong.
func Parse(path string, data []byte, v any) error {
	var root yaml.Node
	if err := decode(data, v, &root); err != nil {
		faults := decodeFaults(err)
		if len(faults) == 1 && faults[0].Line == 0 {
			blame(data, v, &faults[0])
		}
		return &Error{File: path, Faults: faults}
	}
	if faults := emptyItems(&root, nil); len(faults) > 0 {
		return &Error{File: path, Faults: faults}
	}
	val, ok := v.(Validator)
	if !ok {
		return nil
	}
	if err := val.Validate(); err != nil {
		return &Error{File: path, Faults: validateFaults(err, &root)}
	}
	return nil
}

// emptyItems finds the list items that are none. The decoder leaves them out,
// so that of two matchers only one might remain.
func emptyItems(n *yaml.Node, path []string) []Fault {
	var fs []Fault
	for i, c := range n.Content {
		at := path
		switch n.Kind {
		case yaml.MappingNode:
			if i%2 == 0 {
				continue // a key
			}
			at = append(slices.Clone(path), n.Content[i-1].Value)
		case yaml.SequenceNode:
			at = append(slices.Clone(path), strconv.Itoa(i))
			if c.ShortTag() == "!!null" {
				fs = append(fs, Fault{Line: c.Line, Key: strings.Join(at, "."), Text: "is empty"})
			}
		default:
		}
		fs = append(fs, emptyItems(c, at)...)
	}
	return fs
}

func decode(data []byte, v any, root *yaml.Node) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := d.Decode(new(yaml.Node)); err == nil {
		return errors.New("a second YAML document begins here; a configuration is one document")
	}
	// Once more as a tree: it knows the lines.
	if err := yaml.Unmarshal(data, root); err != nil {
		return err
	}
	return nil
}
