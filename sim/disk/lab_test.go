package disk_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"go.uber.org/goleak"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/disk"
	"derail/sim/fault"
	"derail/sim/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ms      = time.Millisecond
	forever = int64(1) << 62
	ledger  = "ledger.db"
	cells   = 40
	entries = 50 // older ones are deleted
)

var (
	nodes    = []string{scenarios.NodeStore, scenarios.NodeClient, "conductor-1", "conductor-2", "conductor-3"}
	backends = map[string]kernel.Backend{"coroutines": kernel.Coroutines, "tokens": kernel.Tokens}
)

// setup says what a storm is made of.
type setup struct {
	seed     uint64
	backend  kernel.Backend
	machines int
	pragmas  string // of each connection
	query    string // more of its name
	faults   []scenarios.Fault
	losses   int64         // the run ends after so many losses of power,
	commits  int64         // or when so many transactions were acknowledged,
	space    time.Duration // how often the disk is full for a while
	still    bool          // no operation takes time
	large    bool          // transactions that do not fit into the cache
}

// storm is a few machines that write into one database, on a disk that loses power. Each transaction
// makes the next number: it adds a row with it, and sets the head and some cells to it, so that what
// is there of a transaction is seen.
type storm struct {
	setup
	t        testing.TB
	kernel   *kernel.Kernel
	disk     *disk.Disk
	faults   *fault.Injector
	machines []*kernel.Machine
	begins   func() // starts what the machines do

	acknowledged, attempted int64
	commits, aborts, checks int64
	lost                    int64 // times that an acknowledged transaction was gone
	damage                  error // what a check found, or SQLite itself
	sound                   int64 // the number of losses, plus one, after which it was last found sound
}

func newStorm(t testing.TB, s setup, on *disk.Disk) *storm {
	t.Helper()
	made := &storm{setup: s, t: t, disk: on}
	if on == nil {
		made.disk = disk.New()
	}
	source := choice.Seeded(s.seed)
	made.kernel = kernel.New(kernel.Config{Source: source, Backend: s.backend})
	plan, err := fault.Compile(&scenarios.Scenario{Break: scenarios.Duration(forever), Faults: s.faults}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	made.faults = fault.NewInjector(plan, nodes, source)
	config := disk.Config{Kernel: made.kernel, Source: source, Faults: made.faults, PowerLost: made.powerLost}
	if !s.still {
		config.Access = scenarios.Span{Low: scenarios.Duration(ms / 20), High: scenarios.Duration(ms / 5)}
		config.Sync = scenarios.Span{Low: scenarios.Duration(ms), High: scenarios.Duration(8 * ms)}
	}
	made.disk.Reset(config)
	made.begins = made.writers
	if s.space > 0 {
		made.kernel.After(s.space, kernel.Do(made.fill))
	}
	return made
}

func (s *storm) close() {
	s.kernel.Close()
	s.disk.Close()
}

// run lets it rage, and looks at what is left.
func (s *storm) run() *storm {
	s.t.Helper()
	s.boot()
	for stop := s.kernel.Run(forever); stop.Reason != kernel.Halted; stop = s.kernel.Run(forever) {
		if stop.Reason != kernel.InstantLimit {
			s.t.Fatalf("seed %d: the run stopped: %v", s.seed, stop)
		}
	}
	s.crash()
	if s.damage == nil {
		s.inspect()
	}
	return s
}

func (s *storm) boot() {
	s.machines = s.machines[:0]
	for i := range max(s.setup.machines, 1) {
		s.machines = append(s.machines, s.kernel.Node(nodes[2+i]).Boot())
	}
	s.begins()
}

// writers makes every machine write.
func (s *storm) writers() {
	for i, m := range s.machines {
		node := 2 + i
		name := s.disk.Path(m, node, ledger) + s.query
		m.Go("writer", func() { s.write(m, name) })
	}
}

// fill makes the disk full for a while, again and again.
func (s *storm) fill() {
	s.disk.Fill(s.kernel.Now() + int64(s.space/3))
	s.kernel.After(s.space, kernel.Do(s.fill))
}

func (s *storm) powerLost() {
	s.disk.LosePower()
	if s.disk.Stats().PowerLosses >= s.losses && s.losses > 0 {
		s.kernel.Halt("enough")
	} else {
		s.kernel.After(100*ms, kernel.Do(s.boot))
	}
	s.kernel.At(s.kernel.Now(), kernel.Do(s.crash))
}

func (s *storm) crash() {
	for _, m := range s.machines {
		m.Crash()
	}
}

// write is what a machine does.
func (s *storm) write(m *kernel.Machine, name string) {
	for {
		err := s.session(m, name)
		if errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, errLedger) {
			s.damage = err
			s.kernel.Halt("damage")
		}
		_ = m.Sleep(s.t.Context(), time.Duration(1+m.Draw(5))*ms)
	}
}

var errLedger = errors.New("the ledger does not add up")

// session opens, checks and writes until something fails.
func (s *storm) session(m *kernel.Machine, name string) error {
	c, err := s.open(name)
	if err != nil {
		return err
	}
	book := &book{storm: s, machine: m, conn: c}
	err = book.keep()
	book.close()
	return err
}

func (s *storm) open(name string) (*sqlite3.Conn, error) {
	c, err := sqlite3.Open(name)
	if err != nil {
		return nil, err
	}
	if err := c.Exec(s.pragmas); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// inspect looks at the database from outside of the run.
func (s *storm) inspect() {
	s.t.Helper()
	c, err := s.open(s.disk.Path(nil, 0, ledger) + s.query)
	if err != nil {
		s.t.Fatal(err)
	}
	book := &book{storm: s, conn: c}
	if err := book.check(); err != nil && !book.isNew(err) {
		s.damage = err
	}
	book.close()
}

// book is a connection with its statements.
type book struct {
	storm                       *storm
	machine                     *kernel.Machine
	conn                        *sqlite3.Conn
	head, add, cell, next, trim *sqlite3.Stmt
}

func (b *book) close() {
	for _, stmt := range []*sqlite3.Stmt{b.head, b.add, b.cell, b.next, b.trim} {
		if stmt != nil {
			_ = stmt.Close()
		}
	}
	if err := b.conn.Close(); err != nil {
		b.storm.t.Errorf("a connection that does not close: %v", err)
	}
}

func (b *book) isNew(err error) bool {
	return errors.Is(err, sqlite3.ERROR) && b.storm.acknowledged == 0
}

const schema = `
	CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY, n INTEGER);
	CREATE TABLE IF NOT EXISTS cell (id INTEGER PRIMARY KEY, n INTEGER, filler BLOB);
	CREATE TABLE IF NOT EXISTS entry (n INTEGER PRIMARY KEY, first INTEGER, filler BLOB);
	CREATE INDEX IF NOT EXISTS entry_first ON entry (first);
	INSERT OR IGNORE INTO head VALUES (1, 0);`

// create makes the tables, all of them or none.
func (b *book) create() error {
	if err := b.begin(); err != nil {
		return err
	}
	if err := b.conn.Exec(schema); err != nil {
		return b.abort(err)
	}
	return b.commit()
}

// begin waits for its turn.
func (b *book) begin() error {
	for {
		err := b.conn.Exec("BEGIN IMMEDIATE")
		if !errors.Is(err, sqlite3.BUSY) {
			return err
		}
		_ = b.machine.Sleep(b.storm.t.Context(), time.Duration(1+b.machine.Draw(10))*ms)
	}
}

// commit waits for readers.
func (b *book) commit() error {
	for {
		err := b.conn.Exec("COMMIT")
		if err == nil {
			return nil
		}
		if !errors.Is(err, sqlite3.BUSY) {
			return b.abort(err)
		}
		_ = b.machine.Sleep(b.storm.t.Context(), time.Duration(1+b.machine.Draw(10))*ms)
	}
}

func (b *book) abort(err error) error {
	b.storm.aborts++
	if !b.conn.GetAutocommit() {
		_ = b.conn.Exec("ROLLBACK") // it may have rolled back by itself, or fail; then the journal does it
	}
	return err
}

// keep checks the ledger and goes on with it.
func (b *book) keep() error {
	if err := b.create(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	for {
		if err := b.entry(); err != nil {
			return err
		}
		_ = b.machine.Sleep(b.storm.t.Context(), time.Duration(b.machine.Draw(3))*ms)
	}
}

func (b *book) prepare() (err error) {
	for _, p := range []struct {
		to  **sqlite3.Stmt
		sql string
	}{
		{&b.head, "SELECT n FROM head"},
		{&b.add, "INSERT INTO entry VALUES (?1, ?2, zeroblob(?3))"},
		{&b.cell, "INSERT INTO cell VALUES (?1, ?2, zeroblob(200)) ON CONFLICT DO UPDATE SET n = ?2"},
		{&b.next, "UPDATE head SET n = ?1"},
		{&b.trim, "DELETE FROM entry WHERE n <= ?1"},
	} {
		if *p.to, _, err = b.conn.Prepare(p.sql); err != nil {
			return err
		}
	}
	return nil
}

// entry is one transaction.
func (b *book) entry() error {
	s := b.storm
	if b.head == nil {
		if err := b.prepare(); err != nil {
			return err
		}
	}
	if err := b.begin(); err != nil {
		return err
	}
	n, err := b.fill()
	if err != nil {
		return b.abort(err)
	}
	s.attempted = max(s.attempted, n)
	if err := b.commit(); err != nil {
		return err
	}
	s.acknowledged = max(s.acknowledged, n)
	s.commits++
	if s.setup.commits > 0 && s.commits >= s.setup.commits {
		s.kernel.Halt("enough")
	}
	return nil
}

func (b *book) fill() (n int64, err error) {
	if n, err = b.number(); err != nil {
		return 0, err
	}
	n++
	first, size := int64(b.machine.Draw(cells)), int64(b.machine.Draw(3000))
	count := int64(5)
	if b.storm.large {
		count, size = cells, 40_000
	}
	if err := step(b.add, n, first, size); err != nil {
		return n, err
	}
	for i := range count {
		if err := step(b.cell, (first+i*7)%cells, n); err != nil {
			return n, err
		}
	}
	if err := step(b.trim, n-entries); err != nil {
		return n, err
	}
	return n, step(b.next, n)
}

func (b *book) number() (n int64, err error) {
	if b.head.Step() {
		n = b.head.ColumnInt64(0)
	}
	return n, b.head.Reset()
}

func step(stmt *sqlite3.Stmt, args ...int64) error {
	for i, a := range args {
		if err := stmt.BindInt64(i+1, a); err != nil {
			return err
		}
	}
	return stmt.Exec()
}

// check looks whether the database is whole, and every acknowledged transaction is there, and none by
// half.
func (b *book) check() error {
	s := b.storm
	acknowledged := s.acknowledged
	if err := b.conn.Exec("BEGIN"); err != nil {
		return err
	}
	n, err := b.whole()
	if err == nil && n > s.attempted {
		err = fmt.Errorf("%w: it is at %d, and %d is the last that was tried", errLedger, n, s.attempted)
	}
	_ = b.conn.Exec("ROLLBACK")
	if err != nil {
		return err
	}
	s.checks++
	if n < acknowledged {
		s.lost++
		s.acknowledged = n
	}
	return nil
}

func (b *book) whole() (n int64, err error) {
	n, err = b.ask("SELECT n FROM head")
	if err != nil {
		return 0, err
	}
	if s := b.storm; s.sound != s.disk.Stats().PowerLosses+1 {
		verdict, err := b.text("PRAGMA integrity_check")
		if err != nil {
			return 0, err
		}
		if strings.Contains(verdict, "error code=266") { // it names a read that failed as if that were damage
			return 0, sqlite3.IOERR_READ
		}
		if verdict != "ok" {
			return 0, fmt.Errorf("%w: %s", errLedger, verdict)
		}
		s.sound = s.disk.Stats().PowerLosses + 1
	}
	for _, c := range []struct {
		sum  string
		want int64
	}{
		{"SELECT count(*) FROM entry", min(n, entries)},
		{"SELECT coalesce(max(n), 0) FROM entry", n},
		{"SELECT coalesce(max(n), 0) FROM cell", n},
	} {
		is, err := b.ask(c.sum)
		if err != nil {
			return n, err
		}
		if is != c.want {
			return n, fmt.Errorf("%w: %s is %d, not %d", errLedger, c.sum, is, c.want)
		}
	}
	// Each cell has the number of the last entry that set it, if that is still there.
	wrong, err := b.ask(`SELECT count(*) FROM cell WHERE n < (SELECT max(n) FROM entry
		WHERE first IN ` + b.settersOf("cell.id") + `) OR n >= (SELECT min(n) FROM entry)
		AND n NOT IN (SELECT n FROM entry WHERE first IN ` + b.settersOf("cell.id") + ")")
	if err == nil && wrong != 0 {
		err = fmt.Errorf("%w: %d cells are not as the entries say", errLedger, wrong)
	}
	return n, err
}

// settersOf are the first cells of entries that set the cell.
func (b *book) settersOf(cell string) string {
	count, list := 5, ""
	if b.storm.large {
		count = cells
	}
	for i := range count {
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprintf("(%s - %d + %d) %% %d", cell, i*7%cells, cells, cells)
	}
	return "(" + list + ")"
}

func (b *book) ask(sql string) (n int64, err error) {
	text, err := b.text(sql)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (b *book) text(sql string) (text string, err error) {
	stmt, _, err := b.conn.Prepare(sql)
	if err != nil {
		return "", err
	}
	defer stmt.Close()
	if stmt.Step() {
		text = stmt.ColumnText(0)
	}
	return text, stmt.Reset()
}
