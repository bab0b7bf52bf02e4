package testbed

import (
	"context"
	"io"
	"net/http"
)

// Get fetches a page of a program under test. An answer is one whatever its
// status says.
func Get(ctx context.Context, url string) (status int, body string, err error) {
	return GetWith(ctx, http.DefaultClient, url)
}

// GetWith is [Get] by a client that has certificates, or connections, of its own.
func GetWith(ctx context.Context, client *http.Client, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}

// OK tells whether a page can be had; it is for [Poll].
func OK(ctx context.Context, url string) (bool, error) {
	status, _, err := Get(ctx, url)
	return status == http.StatusOK, err
}
