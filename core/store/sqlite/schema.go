package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// The header of the file says whose it is and in which version of the schema.
const (
	applicationID = 0x6472_6c31 // "drl1"
	schemaVersion = 1
)

// checksumBytes is what the checksum of a page takes at its end.
const checksumBytes = 8

// settings are those of a connection; the file does not keep them. The journal is deleted at the end
// of each transaction, which makes two journals two files: one that is truncated or overwritten in
// place can, after the death of a process and then of the machine, be a mixture of both.
const settings = `
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA store.mmap_size = 0;
PRAGMA store.locking_mode = NORMAL;
PRAGMA store.synchronous = EXTRA;
`

// A key is clustered with its value. The changes are kept by their revision and, in the low bits, their
// place in it. The metadata are one row, which every transaction reads and nearly every one writes.
const schema = `
CREATE TABLE store.metadata (
	id        INTEGER PRIMARY KEY CHECK (id = 1),
	revision  INTEGER NOT NULL, -- the latest
	forgotten INTEGER NOT NULL, -- the latest of which changes are no longer kept
	kept      INTEGER NOT NULL, -- how many changes are
	due       INTEGER NOT NULL, -- no lease ends before this time
	leases    INTEGER NOT NULL, -- how many were ever granted
	settled   INTEGER NOT NULL  -- counts the transactions that only made sure of those before
) STRICT;
CREATE TABLE store.pairs (
	key     BLOB PRIMARY KEY,
	value   BLOB NOT NULL,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	lease   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX store.leased ON pairs (lease, key) WHERE lease <> 0;
CREATE TABLE store.changes (
	place   INTEGER PRIMARY KEY,
	key     BLOB NOT NULL,
	value   BLOB, -- NULL: the key was deleted
	created INTEGER NOT NULL,
	lease   INTEGER NOT NULL -- of a deletion: the lease whose end it is, or zero
) STRICT;
CREATE TABLE store.leases (
	id       INTEGER PRIMARY KEY,
	ttl      INTEGER NOT NULL, -- nanoseconds
	deadline INTEGER NOT NULL  -- nanoseconds since 1970 on the machine's clock
) STRICT;
`

// statement is the index of a prepared statement.
type statement uint8

const (
	getMetadata statement = iota
	setMetadata
	getPair
	listPairs
	findPair
	putPair
	deletePair
	findLease
	addLease
	renewLease
	deleteLease
	dueLeases
	firstDeadline
	leasedKeys
	addChange
	listChanges
	findCut
	forgetChanges
	statementCount
)

var statementTexts = [statementCount]string{
	getMetadata: `SELECT revision, forgotten, kept, due, leases, settled FROM metadata WHERE id = 1`,
	setMetadata: `UPDATE metadata SET revision = ?1, forgotten = ?2, kept = ?3, due = ?4, leases = ?5,
		settled = ?6 WHERE id = 1`,

	// One statement is one snapshot: pair and revision belong together without a transaction around.
	getPair: `SELECT m.revision, p.value, p.created, p.changed, p.lease
		FROM metadata m LEFT JOIN pairs p ON p.key = ?1 WHERE m.id = 1`,
	listPairs: `SELECT m.revision, p.key, p.value, p.created, p.changed, p.lease
		FROM metadata m LEFT JOIN pairs p ON p.key >= ?1 WHERE m.id = 1 ORDER BY p.key`,

	findPair: `SELECT created, changed FROM pairs WHERE key = ?1`,
	putPair: `INSERT INTO pairs (key, value, created, changed, lease) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed = excluded.changed,
		lease = excluded.lease`,
	deletePair: `DELETE FROM pairs WHERE key = ?1`,

	findLease:     `SELECT ttl FROM leases WHERE id = ?1`,
	addLease:      `INSERT INTO leases (id, ttl, deadline) VALUES (?1, ?2, ?3)`,
	renewLease:    `UPDATE leases SET deadline = ?2 WHERE id = ?1`,
	deleteLease:   `DELETE FROM leases WHERE id = ?1`,
	dueLeases:     `SELECT id FROM leases WHERE deadline <= ?1 ORDER BY deadline, id`,
	firstDeadline: `SELECT deadline FROM leases ORDER BY deadline LIMIT 1`,
	leasedKeys:    `SELECT key FROM pairs INDEXED BY leased WHERE lease = ?1 AND lease <> 0 ORDER BY key`,

	addChange: `INSERT INTO changes (place, key, value, created, lease) VALUES (?1, ?2, ?3, ?4, ?5)`,
	listChanges: `SELECT m.revision, m.forgotten, c.place, c.key, c.value, c.created, c.lease
		FROM metadata m LEFT JOIN changes c ON c.place > ?1 WHERE m.id = 1 ORDER BY c.place`,
	findCut:       `SELECT place FROM changes ORDER BY place LIMIT 1 OFFSET ?1`,
	forgetChanges: `DELETE FROM changes WHERE place < ?1`,
}

// prepare makes a new connection ready: it sets it up and makes sure that the file is a store, which
// it makes of an empty file if it may.
func (c *connection) prepare(mayMake bool) error {
	if err := c.db.BusyTimeout(0); err != nil {
		return err
	}
	if err := c.db.Exec(settings); err != nil {
		return err
	}
	version, err := c.versionNow()
	if err != nil {
		return err
	}
	if mode, err := c.word(`PRAGMA store.journal_mode = DELETE`); err != nil {
		return err
	} else if mode != "delete" {
		return fmt.Errorf("%w: it keeps its journal in mode %s, and this store needs mode delete", ErrForeign, mode)
	}
	if version == 0 {
		return c.create(mayMake)
	}
	return c.sealed()
}

// sealed makes sure that the pages have checksums, without which nobody would notice their damage.
func (c *connection) sealed() error {
	reserved, err := c.db.FileControl("store", sqlite3.FCNTL_RESERVE_BYTES)
	if err == nil && reserved != checksumBytes {
		err = fmt.Errorf("%w: its header says that its pages have no checksums", ErrDamaged)
	}
	return err
}

// versionNow is version outside of a transaction: between two of the things that it reads, another
// process may make the store.
func (c *connection) versionNow() (int64, error) {
	if err := c.db.Exec(`BEGIN`); err != nil {
		return 0, err
	}
	version, err := c.version()
	if c.db.GetAutocommit() { // the engine has ended the transaction itself
		return version, err
	}
	return version, errors.Join(err, c.db.Exec(`ROLLBACK`))
}

// version is that of the schema in the file, or zero for an empty file. Every other file is foreign.
func (c *connection) version() (int64, error) {
	whose, err := c.pragma("application_id")
	if err != nil {
		return 0, err
	}
	version, err := c.pragma("user_version")
	if err != nil {
		return 0, err
	}
	tables, err := c.number(`SELECT count(*) FROM store.sqlite_schema`)
	if err != nil {
		return 0, err
	}
	switch {
	case whose == 0 && version == 0 && tables == 0:
		return 0, nil
	case whose != applicationID:
		return 0, fmt.Errorf("%w: it is a database of another program (application id %d, not %d): "+
			"give the path of a store, or of a file that does not exist yet", ErrForeign, whose, applicationID)
	case version > schemaVersion:
		return 0, fmt.Errorf("%w: it was written in version %d, and this program knows versions up to %d: "+
			"use a newer program", ErrForeign, version, schemaVersion)
	case version < 1 || tables == 0:
		return 0, fmt.Errorf("%w: its header says version %d, and it has %d tables", ErrDamaged, version, tables)
	}
	return version, nil
}

// create makes the tables, unless another process was faster.
func (c *connection) create(mayMake bool) error {
	if !mayMake {
		return fmt.Errorf("%w: it is empty, and was not when it was opened: somebody has replaced it", ErrForeign)
	}
	if _, err := c.db.FileControl("store", sqlite3.FCNTL_RESERVE_BYTES, checksumBytes); err != nil {
		return err
	}
	if err := c.db.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	version, err := c.version()
	if err == nil && version == 0 {
		err = c.db.Exec(schema + fmt.Sprintf(`
			INSERT INTO metadata VALUES (1, 0, 0, 0, %d, 0, 0);
			PRAGMA store.application_id = %d;
			PRAGMA store.user_version = %d;`, int64(never), applicationID, schemaVersion))
	}
	if err == nil {
		err = c.db.Exec(`COMMIT`)
	}
	if err != nil && !c.db.GetAutocommit() {
		_ = c.db.Exec(`ROLLBACK`) // if this fails too, the connection is not used any more
	}
	return err
}

func (c *connection) pragma(name string) (int64, error) { return c.number(`PRAGMA store.` + name) }

// number runs a statement that returns one number.
func (c *connection) number(sql string) (number int64, err error) {
	prepared, _, err := c.db.Prepare(sql)
	if err != nil {
		return 0, err
	}
	q := call{statement: prepared}
	_, err = q.single(&number)
	_ = prepared.Close()
	return number, err
}

// word runs a statement that returns one word.
func (c *connection) word(sql string) (string, error) {
	words, err := c.words(sql)
	if err != nil || len(words) == 0 {
		return "", err
	}
	return words[0], nil
}
