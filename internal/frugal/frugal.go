// Package frugal bounds what executing a text/template costs, whatever the
// template says and whatever it is given.
//
// text/template knows no bounds: a loop over a number, a template that calls
// itself twice, a text that is doubled forty times. A [Budget] is what one
// execution may spend. [Budget.Funcs] makes functions pay for what they read
// and return, those that multiply beforehand, and [Instrument] makes each turn of
// a loop and each call of a template pay. Who has nothing left fails, as any
// template may, and the caller does what it does then. [Template] is all of this
// for one text, and [Text] what either may write.
package frugal

import (
	"errors"
	"reflect"
)

const (
	stepCost     = 256  // of a turn of a loop
	templateCost = 1024 // of a template's call, which takes so much of the stack
	callCost     = 64   // of a function's call, beside what it reads and returns
)

// ErrSpent is the error of a template that has nothing left to spend.
var ErrSpent = errors.New("it does too much: it loops too often, calls itself, or makes too long a text")

// Budget is what an execution may spend, about in bytes. It is not safe for
// concurrent use.
type Budget struct{ left int }

// Reset sets what may be spent.
func (b *Budget) Reset(n int) { b.left = n }

func (b *Budget) spend(n int) error {
	if n < 0 || n > b.left {
		b.left = 0
		return ErrSpent
	}
	b.left -= n
	return nil
}

// turn is called by each turn of a loop, enter by each template. They write
// nothing.
func (b *Budget) turn() (string, error)  { return "", b.spend(stepCost) }
func (b *Budget) enter() (string, error) { return "", b.spend(templateCost) }

// size returns about how many bytes there are in a value, as a text of it would
// have, and more than limit where there are more.
func size(v reflect.Value, limit int) int {
	const word = 16
	n := word
	if limit < 0 {
		return n
	}
	switch v.Kind() {
	case reflect.String:
		n += v.Len()
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			n += size(v.Elem(), limit-n)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return n + v.Len()
		}
		for i := 0; i < v.Len() && n <= limit; i++ {
			n += size(v.Index(i), limit-n)
		}
	case reflect.Map:
		for it := v.MapRange(); n <= limit && it.Next(); {
			n += size(it.Key(), limit-n)
			n += size(it.Value(), limit-n)
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && n <= limit; i++ {
			n += size(v.Field(i), limit-n)
		}
	default:
	}
	return n
}
