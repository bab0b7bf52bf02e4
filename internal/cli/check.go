package cli

import "fmt"

// AddCheck adds the command check-config. check returns what there is to say about
// a good file; the faults of all files are printed, not only of the first.
func (a *App) AddCheck(help string, check func(file string) (lines []string, err error)) {
	c := a.Command("check-config", help)
	files := c.Arg("FILE", "Configuration file.").Required().Strings()
	a.Handle(c, func() error {
		bad := 0
		for _, file := range *files {
			lines, err := check(file)
			if err != nil {
				bad++
				fmt.Fprintln(a.Stdio.Err, err)
				continue
			}
			fmt.Fprintf(a.Stdio.Out, "%s: good\n", file)
			for _, line := range lines {
				fmt.Fprintf(a.Stdio.Out, "  %s\n", line)
			}
		}
		if bad > 0 {
			return UsageError{fmt.Errorf("%d of %d files refused", bad, len(*files))}
		}
		return nil
	})
}
