package receiver

import "github.com/kubebark/kubebark/test/testbed"

// newAuthority writes its certificate into NAME.pem.
func (d *desk) newAuthority(name string) *testbed.Authority {
	d.t.Helper()
	a, err := testbed.NewAuthority(name)
	d.must(err)
	d.file(name+".pem", string(a.PEM()))
	return a
}

// certificate writes NAME.pem and NAME.key, which the authority signs.
func (d *desk) certificate(name string, by *testbed.Authority) {
	d.t.Helper()
	c, err := by.Issue(name)
	d.must(err)
	d.file(name+".pem", string(c.Cert))
	d.file(name+".key", string(c.Key))
}
