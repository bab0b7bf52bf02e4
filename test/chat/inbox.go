package chat

import (
	"strings"
	"sync"
)

// inbox holds what somebody was told, in order, and what was refused.
type inbox struct {
	mu       sync.Mutex
	messages []string
	refused  []string
}

func (b *inbox) put(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, strings.TrimSpace(text)+"\n")
}

func (b *inbox) refuse(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = append(b.refused, why)
}

func (b *inbox) all() (messages, refused []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.messages...), append([]string{}, b.refused...)
}
