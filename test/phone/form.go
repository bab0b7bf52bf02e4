package phone

import (
	"bytes"
	"mime/multipart"
	"net/url"
)

// maxForm bounds what of a multipart form is held in memory; the body itself
// is bounded before.
const maxForm = maxBody

// addForm adds the fields of a form. A body that is none adds nothing, as
// with bark-server.
func (p Params) addForm(media, boundary string, body []byte) {
	switch media {
	case "application/x-www-form-urlencoded":
		if vs, err := url.ParseQuery(string(body)); err == nil {
			p.addValues(vs)
		}
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(maxForm)
		if err != nil {
			return
		}
		p.addValues(form.Value)
		_ = form.RemoveAll() // nothing is on disk: the limit is the body's own
	}
}
