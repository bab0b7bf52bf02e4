package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

const mib = 1 << 20

func printTable(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "scenario\tsubject\tCPU s\t× floor\tto ready s\tµs/write\t× floor\twrites/s\tpeak MiB\t× floor\tsteady MiB\tp50 ms\tp99 ms")
	for i := range rows {
		r := &rows[i]
		f := find(rows, r.scenario, "floor")
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%s\t%.2f\t%s\t%s\t%s\t%.1f\t%s\t%.1f\t%s\t%s\n",
			r.scenario, r.subject, r.cpu.Seconds(), ratio(r.cpu, f, func(r *row) time.Duration { return r.cpu }), r.start.Seconds(),
			perWrite(r), ratio(r.burst, f, func(r *row) time.Duration { return r.burst }), speed(r),
			float64(r.peak)/mib, ratio(r.peak, f, func(r *row) int64 { return r.peak }), float64(r.rss)/mib,
			milliseconds(r.p50), milliseconds(r.p99))
	}
	w.Flush()
}

func find(rows []row, scenario, subject string) *row {
	for i := range rows {
		if rows[i].scenario == scenario && rows[i].subject == subject {
			return &rows[i]
		}
	}
	return nil
}

// ratio is that of v to the floor's, "" where there is none.
func ratio[T ~int64](v T, floor *row, of func(*row) T) string {
	if floor == nil || of(floor) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(v)/float64(of(floor)))
}

func perWrite(r *row) string {
	if r.writes == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(r.burst.Microseconds())/float64(r.writes))
}

func speed(r *row) string {
	if r.took == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(r.writes)/r.took.Seconds())
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", d.Seconds()*1000)
}

// bytesPerEvent is by how much more memory a subject lives with many events
// than with few, for each.
func bytesPerEvent(rows []row, subject string) float64 {
	many, few := find(rows, large, subject), find(rows, small, subject)
	if many == nil || few == nil || many.events <= few.events {
		return 0
	}
	return float64(many.rss-few.rss) / float64(many.events-few.events)
}

func printTargets(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	target := func(what string, have, want float64) {
		verdict := "met"
		switch {
		case have == 0:
			return // not measured
		case have > want:
			verdict = "missed"
		}
		fmt.Fprintf(w, "%s\t%.2f\t≤ %g\t%s\n", what, have, want, verdict)
	}
	fmt.Fprintln(w, "\ntarget\thave\twant\t")
	of := func(scenario string, v func(*row) float64) float64 {
		e, f := find(rows, scenario, "exporter"), find(rows, scenario, "floor")
		if e == nil || f == nil || v(f) == 0 {
			return 0
		}
		return v(e) / v(f)
	}
	peak := func(r *row) float64 { return float64(r.peak) }
	target("CPU of 200,000 writes, × floor", of(storm, func(r *row) float64 { return r.burst.Seconds() }), 1.1)
	target("peak memory with 200,000 writes, × floor", of(storm, peak), 1.2)
	target("peak memory with 500,000 objects, × floor", of(large, peak), 1.2)
	target("peak memory of a start with 50,000, × floor", of(begin, peak), 1)
	if e := find(rows, small, "exporter"); e != nil {
		target("steady memory in a small cluster, MiB", float64(e.rss)/mib, 25)
	}
	target("memory for each live event, bytes", bytesPerEvent(rows, "exporter"), 100)
	if a, b := find(rows, storm, "exporter"), find(rows, large, "exporter"); a != nil && b != nil && a.burst > 0 {
		target("CPU for each write with 500,000 objects, × that with few", b.burst.Seconds()/a.burst.Seconds(), 1.1)
	}
	if f := bytesPerEvent(rows, "floor"); f > 0 {
		fmt.Fprintf(w, "the floor's memory for each live event, bytes\t%.0f\t\t\n", f)
	}
	w.Flush()
}
