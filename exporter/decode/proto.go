package decode

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxShared bounds the strings of which one copy is kept.
const maxShared = 4096

// Proto reads core/v1 Events in the API's protobuf. Of the strings that many
// events have in common, such as reasons and namespaces, it keeps one copy.
// The zero value is ready. It is not safe for concurrent use.
type Proto struct {
	shared map[string]string
}

// Event reads an Event into e, all of which it sets, and returns its resource
// version as it was written. The fields are those of generated.proto in
// k8s.io/api/core/v1; those that are not used are passed over, whatever is in
// them.
func (p *Proto) Event(data []byte, e *occurrence.Event) (version string, err error) {
	var o object
	if err := p.event(data, &o); err != nil {
		return "", fmt.Errorf("read an event in protobuf: %w", err)
	}
	o.fill(e)
	return o.Metadata.ResourceVersion, nil
}

func (p *Proto) event(data []byte, o *object) error {
	return Fields(data, func(n protowire.Number, v Field) (err error) {
		switch n {
		case 1:
			err = p.metadata(v, &o.Metadata)
		case 2:
			err = p.reference(v, &o.InvolvedObject)
		case 3:
			err = p.share(v, &o.Reason)
		case 4:
			err = v.text(&o.Message)
		case 5:
			err = p.source(v, &o.Source)
		case 6:
			err = v.time(&o.FirstTimestamp)
		case 7:
			err = v.time(&o.LastTimestamp)
		case 8:
			err = v.int32(&o.Count)
		case 9:
			err = p.share(v, &o.Type)
		case 10:
			err = v.microTime(&o.EventTime)
		case 11:
			if o.Series == nil {
				o.Series = new(series)
			}
			err = v.series(o.Series)
		case 12:
			err = p.share(v, &o.Action)
		case 14:
			err = p.share(v, &o.ReportingComponent)
		case 15:
			err = p.share(v, &o.ReportingInstance)
		}
		return err
	})
}

func (p *Proto) metadata(v Field, m *metadata) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return v.text(&m.Name)
		case 3:
			return p.share(v, &m.Namespace)
		case 5:
			return v.text(&m.UID)
		case 6:
			return v.text(&m.ResourceVersion)
		case 8:
			return v.time(&m.CreationTimestamp)
		}
		return nil
	})
}

func (p *Proto) reference(v Field, r *reference) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return p.share(v, &r.Kind)
		case 2:
			return p.share(v, &r.Namespace)
		case 3:
			return v.text(&r.Name)
		case 4:
			return v.text(&r.UID)
		case 5:
			return p.share(v, &r.APIVersion)
		case 7:
			return p.share(v, &r.FieldPath)
		}
		return nil
	})
}

func (p *Proto) source(v Field, s *source) error {
	return v.message(func(n protowire.Number, v Field) error {
		switch n {
		case 1:
			return p.share(v, &s.Component)
		case 2:
			return p.share(v, &s.Host)
		}
		return nil
	})
}

// share sets s to the one copy of a string.
func (p *Proto) share(v Field, s *string) error {
	if known, ok := p.shared[string(v.Bytes)]; ok && v.typ == protowire.BytesType {
		*s = known
		return nil
	}
	if err := v.text(s); err != nil {
		return err
	}
	if p.shared == nil || len(p.shared) >= maxShared {
		p.shared = make(map[string]string)
	}
	p.shared[string(v.Bytes)] = *s
	return nil
}
