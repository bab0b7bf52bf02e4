package wire

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubebark/kubebark/exporter/decode"
)

// jsonPage reads an EventList.
func jsonPage(body []byte, take Take) (Page, error) {
	var l struct {
		Kind     string
		Metadata struct {
			ResourceVersion, Continue string
			ShardInfo                 struct{ Selector string }
		}
		Items []json.RawMessage
	}
	err := json.Unmarshal(body, &l)
	if err == nil && l.Kind != "EventList" {
		err = fmt.Errorf("want an EventList, have kind %q", l.Kind)
	}
	if err != nil {
		return Page{}, err
	}
	for i, item := range l.Items {
		e, _, err := decode.JSON(item)
		if err != nil {
			return Page{}, fmt.Errorf("item %d: %w", i, err)
		}
		take(e)
	}
	return Page{Version: l.Metadata.ResourceVersion, Continue: l.Metadata.Continue, Shard: l.Metadata.ShardInfo.Selector, Events: len(l.Items)}, nil
}

// jsonFrame reads a metav1.WatchEvent.
func jsonFrame(dec *json.Decoder) (Frame, error) {
	var w struct {
		Type   watch.EventType
		Object json.RawMessage
	}
	if err := dec.Decode(&w); err != nil {
		return Frame{}, err
	}
	f := Frame{Type: w.Type}
	var of struct{ Kind string }
	err := json.Unmarshal(w.Object, &of)
	switch {
	case err != nil:
	case of.Kind == "Status":
		err = json.Unmarshal(w.Object, &f.Status) // which makes one
	default:
		f.Event, f.Version, err = decode.JSON(w.Object)
	}
	return f, err
}
