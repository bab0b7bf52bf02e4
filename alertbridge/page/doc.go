// Package page shows people the alerts and why they are there, as plain HTML
// and as JSON.
package page
