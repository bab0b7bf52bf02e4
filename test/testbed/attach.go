package testbed

// A Part is what the testbed starts.
type Part interface {
	// Processes returns the processes that the part consists of.
	Processes() []*Process
	// Stop ends them all. A further call does nothing.
	Stop() error
}

// A T is the part of testing.TB that [Attach] needs.
type T interface {
	Helper()
	Cleanup(f func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Attach ends a part with the test, and first shows the last lines of its logs
// if the test has failed.
func Attach(t T, p Part) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			for _, proc := range p.Processes() {
				t.Logf("%s", proc.Tail(tailLines))
			}
		}
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// Processes returns the process itself.
func (p *Process) Processes() []*Process { return []*Process{p} }
