// Package page shows people the alerts and why they are there: as plain HTML,
// which needs no script and nothing from elsewhere, and the same as JSON for
// programs.
package page
