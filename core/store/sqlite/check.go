package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// Check reads the whole file and returns an error that matches [ErrDamaged] if it is not as a store
// must be: first what the engine can say of its trees and pages, then the store's own rules. It takes
// as long as the file is large, and other processes wait with their writes.
func (s *Store) Check(ctx context.Context) error {
	return s.read(ctx, func(c *connection) error {
		if err := c.db.Exec(`BEGIN`); err != nil {
			return err
		}
		err := c.check()
		if c.db.GetAutocommit() { // the engine has ended the transaction itself
			return err
		}
		return errors.Join(err, c.db.Exec(`COMMIT`))
	})
}

// rules are queries that return what breaks a rule of the store, of which there must be nothing. The
// words are of the first that is found.
var rules = []struct{ broken, query string }{
	{
		"more or less than one row of metadata",
		`SELECT count(*) FROM metadata HAVING count(*) <> 1`,
	},
	{
		"a pair of a revision that was never",
		`SELECT hex(key) FROM pairs, metadata WHERE created < 1 OR created > changed OR changed > revision`,
	},
	{
		"a pair that hangs on a lease that is not there",
		`SELECT hex(key) FROM pairs WHERE lease <> 0 AND lease NOT IN (SELECT id FROM leases)`,
	},
	{
		"a change of a revision that was never, or is forgotten",
		`SELECT place FROM changes, metadata WHERE place >> 24 > revision OR place >> 24 <= forgotten`,
	},
	{
		"a wrong count of the changes",
		`SELECT kept FROM metadata WHERE kept <> (SELECT count(*) FROM changes)`,
	},
	{
		"a revision without a change",
		`SELECT revision FROM metadata WHERE revision - forgotten <>
			(SELECT count(DISTINCT place >> 24) FROM changes)`,
	},
	{
		"a pair that is not as it was last changed",
		`SELECT hex(p.key) FROM pairs p, metadata m WHERE p.changed > m.forgotten AND NOT EXISTS (
			SELECT 1 FROM changes c WHERE c.place >= p.changed << 24 AND c.place < (p.changed + 1) << 24
			AND c.key = p.key AND c.value = p.value AND c.created = p.created AND c.lease = p.lease)`,
	},
	{
		"a change that did not last",
		`SELECT hex(c.key) FROM changes c
			WHERE c.place = (SELECT max(place) FROM changes l WHERE l.key = c.key) AND
			(c.value IS NULL) = EXISTS (SELECT 1 FROM pairs p WHERE p.key = c.key AND
			(c.value IS NULL OR p.changed = c.place >> 24))`,
	},
	{
		"a lease that was never granted, or ends before the next to end",
		`SELECT l.id FROM leases l, metadata m
			WHERE l.id < 1 OR l.id > m.leases OR l.ttl < 1 OR l.deadline < m.due`,
	},
}

func (c *connection) check() error {
	if err := c.whole(); err != nil {
		return err
	}
	for _, rule := range rules {
		found, err := c.words(rule.query + ` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%w: %s (%s)", ErrDamaged, rule.broken, found[0])
		}
	}
	return nil
}

// everyValue reads what may be on pages of its own.
const everyValue = `SELECT count(hex(value)) FROM pairs UNION ALL SELECT count(hex(value)) FROM changes`

// whole asks the engine about its trees and pages. It goes on where it cannot read one, and what it then
// says of the others is no proof that anything is damaged.
func (c *connection) whole() error {
	for again := false; ; again = true {
		said, err := c.words(`PRAGMA store.integrity_check(10)`)
		if err != nil || len(said) == 1 && said[0] == "ok" {
			return err
		}
		all := strings.Join(said, "; ")
		if err := unread(all); err != nil && !damaged(err) {
			return err
		}
		if again || !strings.Contains(all, "failed to get page") {
			return fmt.Errorf("%w: %s", ErrDamaged, all)
		}
		// Of some pages it does not say why. If it is the disk that still fails, it says so here.
		if _, err := c.words(everyValue); err != nil {
			return err
		}
	}
}

// unread is the error for which pages could not be read, of which the engine tells by its number. If one
// of them is damaged, it is that.
func unread(said string) (err error) {
	for _, told := range strings.Split(said, "error code=")[1:] {
		number := 0
		_, _ = fmt.Sscan(told, &number) // stays zero where it is none
		if code := sqlite3.ExtendedErrorCode(number); err == nil || damaged(code) {
			err = fmt.Errorf("%w: %s", code, said)
		}
	}
	return err
}

// words runs a statement that returns a column of words.
func (c *connection) words(sql string) (words []string, err error) {
	prepared, _, err := c.db.Prepare(sql)
	if err != nil {
		return nil, err
	}
	q := call{statement: prepared}
	for q.step() {
		words = append(words, prepared.ColumnText(0))
	}
	err = q.end()
	_ = prepared.Close()
	return words, err
}
