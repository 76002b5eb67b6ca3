package logbook

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"derail/core/record"
	"derail/core/store"
)

// Book reads a book.
func (l *Library) Book(ctx context.Context, id string) (Book, error) {
	b, _, err := l.book(ctx, id)
	if err != nil {
		return Book{}, fmt.Errorf("book %s: %w", id, err)
	}
	return b, nil
}

func (l *Library) book(ctx context.Context, id string) (b Book, stored store.Pair, err error) {
	stored, at, err := l.getAt(ctx, bookKey(id))
	if err == nil && stored.Changed == 0 {
		err = absent{at}
	}
	if err == nil {
		b, err = decodeBook(stored.Value)
		err = record.At(stored.Key, "book", err)
	}
	return b, stored, err
}

// Books is every book as it was at one moment, in ascending order of id. A book that cannot be read
// comes as its id with an error and does not hide the others; an error without an id ends the list.
func (l *Library) Books(ctx context.Context) iter.Seq2[Book, error] {
	return func(yield func(Book, error) bool) {
		snap, err := l.all(ctx, bookPrefix)
		if err != nil {
			yield(Book{}, fmt.Errorf("books: %w", err))
			return
		}
		for _, pair := range snap.Pairs {
			b, err := decodeBook(pair.Value)
			if err != nil {
				b = Book{ID: strings.TrimPrefix(pair.Key, bookPrefix)}
				err = fmt.Errorf("book %s: %w", b.ID, record.At(pair.Key, "book", err))
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// Flows is the flow details of one book, each read when it is asked for, in the order in which the book
// names them. One that cannot be read comes as its id with an error and does not hide the others; an
// error without an id says that the book itself cannot be read.
func (l *Library) Flows(ctx context.Context, bookID string) iter.Seq2[FlowDetail, error] {
	return func(yield func(FlowDetail, error) bool) {
		b, err := l.Book(ctx, bookID)
		if err != nil {
			yield(FlowDetail{}, err)
			return
		}
		for _, id := range b.Flows {
			d, err := l.Read(ctx, id)
			if err != nil {
				d = FlowDetail{ID: id}
			}
			if !yield(d, err) {
				return
			}
		}
	}
}
