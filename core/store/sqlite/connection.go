package sqlite

import (
	"context"
	"io"
	"math/bits"
	"net/url" //detlint:allow machine it takes addresses apart, and asks nobody
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// connection is one open database with its prepared statements. Whoever holds the store's gate, and
// nobody else, uses it.
type connection struct {
	db         *sqlite3.Conn
	statements [statementCount]*sqlite3.Stmt

	engine  io.Closer // closes the files and frees the memory, without running the engine
	memory  io.Closer // only frees the memory
	cleanup runtime.Cleanup
}

// engineMemory bounds what one connection may take. The engine reserves that much address space when
// it is opened, of which a 32-bit process has little.
func engineMemory() int64 {
	if bits.UintSize < 64 {
		return 32 << 20
	}
	return 128 << 20
}

// start starts an engine, without the file, which [connection.attach] adds. An engine that is opened on
// a file keeps its memory for ever if that fails, or the process dies of it: nobody has it in hand yet.
func start() (*connection, error) {
	ctx := sqlite3.WithMaxMemory(context.Background(), engineMemory())
	db, err := sqlite3.OpenContext(ctx, ":memory:")
	if err != nil {
		return nil, err
	}
	c := &connection{db: db}
	c.engine, c.memory = innards(db)
	// The engine's memory is mapped by itself, where the garbage collector neither sees nor frees it.
	// Nearly always close or abandon does; this is for a store that was dropped without either.
	c.cleanup = runtime.AddCleanup(db, release, c.memory) //detlint:allow runtime memory only, no run sees it
	return c, nil
}

// release frees an engine's memory.
func release(memory io.Closer) { _ = memory.Close() }

// attach opens the file and reads which tables it has.
func (c *connection) attach(uri string) error {
	prepared, _, err := c.db.Prepare(`ATTACH ?1 AS store`)
	if err != nil {
		return err
	}
	if err = prepared.BindText(1, uri); err == nil {
		err = prepared.Exec()
	}
	_ = prepared.Close() // says again what its run said
	return err
}

// innards finds what frees a connection's memory. Its library has no way to do that without running
// the engine, which must not run again after a panic has cut it short: it would write to a file on
// behalf of a process that is dead, or trip over what it had half done.
func innards(db *sqlite3.Conn) (engine, memory io.Closer) {
	field := reflect.ValueOf(db).Elem().FieldByName("wrp")
	wrapper := reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
	return wrapper.Interface().(io.Closer),
		wrapper.Elem().FieldByName("Memory").Interface().(io.Closer)
}

// close ends the connection in an orderly way if it can, and in any way otherwise. A transaction that
// is open is rolled back, by this connection or by the next.
func (c *connection) close() error {
	for _, statement := range c.statements {
		_ = statement.Close() // says again what its last run said
	}
	err := c.db.Close()
	if err != nil {
		_ = c.engine.Close()
	}
	c.cleanup.Stop()
	return err
}

// wreck closes the files and frees the memory of a connection whose engine was cut short.
func (c *connection) wreck() {
	_ = c.engine.Close()
	c.cleanup.Stop()
}

// abandon frees the memory of a dead process's connection and touches nothing else: the files went
// when the process did.
func (c *connection) abandon() {
	_ = c.memory.Close()
	c.cleanup.Stop()
}

// fileURI names the file at path so that options can be added.
func fileURI(path string) (string, error) {
	if strings.HasPrefix(path, "file:") {
		return path, nil
	}
	full, err := filepath.Abs(path) // the store re-opens it, wherever the program has gone since
	if err != nil {
		return "", err
	}
	full = filepath.ToSlash(full)
	if !strings.HasPrefix(full, "/") {
		full = "/" + full
	}
	return (&url.URL{Scheme: "file", Path: full}).String(), nil
}

// existing is the name that opens the same file and does not make it.
func existing(uri string) string {
	if strings.Contains(uri, "?") {
		return uri + "&mode=rw"
	}
	return uri + "?mode=rw"
}

// call is one run of a prepared statement: bind, then run or step, then end. The first error stays.
type call struct {
	statement *sqlite3.Stmt
	err       error
}

func (c *connection) call(which statement) call {
	if c.statements[which] == nil {
		prepared, _, err := c.db.PrepareFlags(statementTexts[which], sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return call{err: err}
		}
		c.statements[which] = prepared
	}
	return call{statement: c.statements[which]}
}

func (q *call) bytes(parameter int, value []byte) {
	if q.err == nil {
		q.err = q.statement.BindBlob(parameter, value)
	}
}

func (q *call) text(parameter int, value string) { q.bytes(parameter, []byte(value)) }

func (q *call) number(parameter int, value int64) {
	if q.err == nil {
		q.err = q.statement.BindInt64(parameter, value)
	}
}

// run carries out a statement that returns nothing.
func (q *call) run() error {
	if q.err != nil {
		return q.err
	}
	return q.statement.Exec()
}

// step moves to the next row. When it reports false, end says whether that was the end.
func (q *call) step() bool {
	if q.err != nil || q.statement.Step() {
		return q.err == nil
	}
	q.err = q.statement.Err()
	return false
}

// end must follow the last step: a statement that is not reset keeps the file locked.
func (q *call) end() error {
	if q.statement == nil {
		return q.err
	}
	if err := q.statement.Reset(); q.err == nil {
		q.err = err
	}
	return q.err
}

// single runs a statement that returns one row of numbers, and reports whether there was one.
func (q *call) single(into ...*int64) (bool, error) {
	there := q.step()
	if there {
		for i, number := range into {
			*number = q.statement.ColumnInt64(i)
		}
	}
	return there, q.end()
}
