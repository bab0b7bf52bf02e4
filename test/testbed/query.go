package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// A Sample is one series' value in the answer to a query.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Query has a Prometheus evaluate an expression now. The answer to one that
// yields a scalar is a sample without labels.
func (s *Server) Query(ctx context.Context, expr string) ([]Sample, error) {
	samples, err := s.query(ctx, expr)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", expr, err)
	}
	return samples, nil
}

func (s *Server) query(ctx context.Context, expr string) ([]Sample, error) {
	_, answer, err := Get(ctx, s.url+"/api/v1/query?query="+url.QueryEscape(expr))
	if err != nil {
		return nil, err
	}
	var body struct {
		Error string `json:"error"`
		Data  struct {
			Type   string          `json:"resultType"`
			Result json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(answer), &body); err != nil {
		return nil, fmt.Errorf("decode answer: %w", err)
	}
	if body.Error != "" {
		return nil, errors.New(body.Error)
	}
	return decodeSamples(body.Data.Type, body.Data.Result)
}

func decodeSamples(kind string, result json.RawMessage) ([]Sample, error) {
	type point = [2]any // time and value
	type series struct {
		Metric map[string]string `json:"metric"`
		Value  point             `json:"value"`
	}
	var all []series
	switch kind {
	case "vector":
		if err := json.Unmarshal(result, &all); err != nil {
			return nil, fmt.Errorf("decode vector: %w", err)
		}
	case "scalar":
		all = make([]series, 1)
		if err := json.Unmarshal(result, &all[0].Value); err != nil {
			return nil, fmt.Errorf("decode scalar: %w", err)
		}
	default:
		return nil, fmt.Errorf("a %s is no instant vector", kind)
	}
	samples := make([]Sample, len(all))
	for i, r := range all {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("decode value: %w", err)
		}
		samples[i] = Sample{Labels: r.Metric, Value: v}
	}
	return samples, nil
}
