package disk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"derail/core/host"
	"derail/sim/kernel"
)

// does runs body as a process of a machine.
func (s *storm) does(m *kernel.Machine, body func()) {
	s.t.Helper()
	m.Go("test", func() {
		body()
		s.kernel.Halt("done")
	})
	if stop := s.kernel.Run(forever); stop.Cause != "done" {
		s.t.Fatalf("the process did not come to its end: %v", stop)
	}
}

// passes lets time go by.
func (s *storm) passes(d time.Duration) {
	s.kernel.After(d, kernel.Do(func() {}))
	s.kernel.Run(s.kernel.Now() + int64(d))
}

func (s *storm) machine(node int) *kernel.Machine { return s.kernel.Node(nodes[node]).Boot() }

// must opens the ledger for a machine, or for nobody, and carries out some statements.
func (s *storm) must(m *kernel.Machine, node int, statements ...string) *sqlite3.Conn {
	s.t.Helper()
	c, err := sqlite3.Open(s.disk.Path(m, node, ledger))
	if err != nil {
		s.t.Fatal(err)
	}
	s.exec(c, statements...)
	return c
}

func (s *storm) exec(c *sqlite3.Conn, statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if err := c.Exec(statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (s *storm) count(c *sqlite3.Conn) int64 {
	s.t.Helper()
	n, err := (&book{storm: s, conn: c}).ask("SELECT count(*) FROM a")
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

const (
	table  = "CREATE TABLE a (n)"
	insert = "INSERT INTO a VALUES (1)"
)

// TestTime: each operation takes the machine's time, and nobody's outside of the run.
func TestTime(t *testing.T) {
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			s := newStorm(t, setup{backend: backend, pragmas: extra}, nil)
			defer s.close()
			m := s.machine(2)
			s.does(m, func() {
				c := s.must(m, 2, extra, table)
				began, before := s.kernel.Now(), s.disk.Stats()
				s.exec(c, insert)
				after := s.disk.Stats()
				took, syncs := s.kernel.Now()-began, after.Syncs-before.Syncs
				others := after.Reads - before.Reads + after.Writes - before.Writes
				low, high := syncs*int64(ms), syncs*8*int64(ms)+(others+8)*int64(ms/5)
				if syncs != 5 || took < low || took > high {
					t.Errorf("a transaction took %d ns for %d syncs and %d other operations", took, syncs, others)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			began := s.kernel.Now()
			c := s.must(nil, 0, insert)
			if n := s.count(c); n != 2 || s.kernel.Now() != began {
				t.Errorf("%d rows, and it took %d ns", n, s.kernel.Now()-began)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLocks: who is in the way of whom; and that the dead are in nobody's.
func TestLocks(t *testing.T) {
	s := newStorm(t, setup{still: true}, nil)
	defer s.close()
	m := []*kernel.Machine{s.machine(2), s.machine(3), s.machine(4)}
	s.does(m[0], func() { s.exec(s.must(m[0], 2), table, insert) })
	var writer, reader, third *sqlite3.Conn
	busy := func(c *sqlite3.Conn, statement string) {
		t.Helper()
		if err := c.Exec(statement); !errors.Is(err, sqlite3.BUSY) {
			t.Errorf("%s: %v", statement, err)
		}
	}
	s.does(m[0], func() { writer = s.must(m[0], 2, "BEGIN IMMEDIATE", insert) })
	s.does(m[1], func() {
		reader = s.must(m[1], 3, "BEGIN", "SELECT * FROM a") // beside a writer that has yet to write
		busy(reader, insert)
	})
	s.does(m[0], func() { busy(writer, "COMMIT") })
	s.does(m[2], func() {
		third = s.must(m[2], 4)
		busy(third, "SELECT * FROM a") // no new readers: somebody waits for the old ones
	})
	s.does(m[1], func() { s.exec(reader, "ROLLBACK") })
	s.does(m[0], func() { s.exec(writer, "COMMIT", "BEGIN EXCLUSIVE", insert) })
	s.does(m[1], func() { busy(reader, "SELECT * FROM a") })
	m[0].Crash()
	s.does(m[1], func() {
		if n := s.count(reader); n != 2 {
			t.Errorf("%d rows after the writer's death", n)
		}
		s.exec(reader, "BEGIN IMMEDIATE", insert)
	})
	m[1].Crash()
	s.does(m[2], func() { s.exec(third, "BEGIN EXCLUSIVE", "ROLLBACK") })
}

// TestCrash: what a process wrote that was killed in the middle of a transaction is rolled back by the
// next one, at whatever operation it died; nobody else's connection takes harm.
func TestCrash(t *testing.T) {
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			s := newStorm(t, setup{backend: backend}, nil)
			defer s.close()
			other := s.machine(3)
			var c *sqlite3.Conn
			s.does(other, func() { c = s.must(other, 3, extra, table) })
			committed := int64(0)
			for at := int64(1); at < 60; at++ {
				m := s.machine(2)
				m.Go("victim", func() {
					s.exec(s.must(m, 2, extra), "BEGIN", insert, insert, "COMMIT")
					committed++
				})
				s.kernel.After(time.Duration(at)*ms, kernel.Do(m.Crash))
				s.kernel.Run(s.kernel.Now() + int64(100*ms))
				s.does(other, func() {
					if n := s.count(c); n != 2*committed && n != 2*committed+2 {
						t.Fatalf("%d rows after %d transactions", n, committed)
					} else {
						committed = n / 2 // it may have died between the commit and the next line
					}
					s.exec(c, "BEGIN IMMEDIATE", "ROLLBACK")
				})
			}
			if committed == 0 || committed > 55 {
				t.Errorf("of 59 transactions %d were committed", committed)
			}
		})
	}
}

// TestTheDeadReachNothing: whatever the processes of a dead machine do while they unwind ends at once.
func TestTheDeadReachNothing(t *testing.T) {
	s := newStorm(t, setup{}, nil)
	defer s.close()
	m := s.machine(2)
	var causes []any
	m.Go("victim", func() {
		c := s.must(m, 2, extra, table)
		try := func(what func()) {
			defer func() { causes = append(causes, recover()) }()
			what()
		}
		defer try(func() { _ = c.Close() })
		defer try(func() { _ = c.Exec("SELECT * FROM a") })
		defer try(func() { _, _ = sqlite3.Open(s.disk.Path(m, 2, "another.db")) })
		for {
			s.exec(c, insert)
		}
	})
	s.kernel.Run(int64(100 * ms))
	before := s.disk.Stats()
	m.Crash()
	if len(causes) != 3 || causes[0] == nil {
		t.Fatalf("it unwound by %v", causes)
	}
	for _, cause := range causes {
		// A connection that is in the middle of something may refuse by itself.
		if _, killed := cause.(*host.Killed); cause != nil && !killed {
			t.Errorf("a call of the dead ended by %v", cause)
		}
	}
	if after := s.disk.Stats(); after != before {
		t.Errorf("the dead did something: %+v, %+v", before, after)
	}
}

// TestPowerLossLeavesNobody: who has not died of it stands still.
func TestPowerLossLeavesNobody(t *testing.T) {
	s := newStorm(t, setup{}, nil)
	defer s.close()
	m := s.machine(2)
	m.Go("writer", func() {
		c := s.must(m, 2, extra, table)
		for {
			s.exec(c, insert)
		}
	})
	s.kernel.Run(int64(100 * ms))
	s.disk.LosePower()
	before := s.disk.Stats()
	s.kernel.Run(s.kernel.Now() + int64(1000*ms))
	if after := s.disk.Stats(); after != before {
		t.Errorf("it went on: %+v, %+v", before, after)
	}
}

// TestFull: files cannot grow, and what is there can be changed and read.
func TestFull(t *testing.T) {
	s := newStorm(t, setup{still: true}, nil)
	defer s.close()
	m := s.machine(2)
	s.does(m, func() {
		c := s.must(m, 2, persist, table, insert, "INSERT INTO a VALUES (zeroblob(50000))")
		s.disk.Fill(int64(1000 * ms))
		if err := c.Exec("INSERT INTO a VALUES (zeroblob(50000))"); !errors.Is(err, sqlite3.FULL) {
			t.Errorf("on a full disk: %v", err)
		}
		if n := s.count(c); n != 2 {
			t.Errorf("%d rows", n)
		}
		s.exec(c, "UPDATE a SET n = 2 WHERE n = 1") // the journal is as long as it was once
		_ = m.Sleep(t.Context(), 1000*ms)
		s.exec(c, "INSERT INTO a VALUES (zeroblob(50000))")
		s.disk.Fill(s.kernel.Now() + int64(1000*ms))
		s.disk.Heal()
		s.exec(c, "INSERT INTO a VALUES (zeroblob(50000))")
	})
	if refused := s.disk.Stats().Refused; refused == 0 {
		t.Error("nothing was refused")
	}
}

// TestFlip: a bit that flips is one bit, and with checksums SQLite finds it.
func TestFlip(t *testing.T) {
	found, harmless := 0, 0
	for seed := range uint64(60) {
		s := newStorm(t, setup{seed: seed, still: true}, nil)
		stream := s.kernel.Source().Stream("flip", "")
		if s.disk.Flip(ledger, stream) {
			t.Error("a bit of nothing has flipped")
		}
		c := s.must(nil, 0)
		if err := c.EnableChecksums("main"); err != nil {
			t.Fatal(err)
		}
		s.exec(c, extra, table, insert, "INSERT INTO a VALUES (zeroblob(20000))")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if !s.disk.Flip(ledger, stream) || s.disk.Stats().Flips != 1 {
			t.Error("no bit has flipped")
		}
		c = s.must(nil, 0)
		switch _, err := (&book{storm: s, conn: c}).text("SELECT sum(length(hex(n))) FROM a"); {
		case err == nil:
			harmless++
		default:
			found++
		}
		_ = c.Close()
		s.close()
	}
	if found < 50 {
		t.Errorf("of 60 bits that flipped %d were found, and %d were not", found, harmless)
	}
}

// TestWipe: nothing is left, and the next one begins anew.
func TestWipe(t *testing.T) {
	s := newStorm(t, setup{still: true}, nil)
	defer s.close()
	c := s.must(nil, 0, table, insert)
	s.disk.Wipe()
	if err := c.Exec(insert); !errors.Is(err, sqlite3.IOERR) {
		t.Errorf("on a disk that is gone: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	c = s.must(nil, 0, table)
	if n := s.count(c); n != 0 {
		t.Errorf("%d rows on an empty disk", n)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestTemporary: what SQLite keeps in files without a name, and journals of several databases at once.
func TestTemporary(t *testing.T) {
	s := newStorm(t, setup{}, nil)
	defer s.close()
	m := s.machine(2)
	s.does(m, func() {
		c := s.must(m, 2, "PRAGMA temp_store=FILE", "PRAGMA cache_size=5", "PRAGMA temp.cache_size=5", extra, table)
		s.exec(c, "CREATE TEMP TABLE b AS "+
			"WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 5000) "+
			"SELECT n, zeroblob(100) AS z FROM i", "INSERT INTO a SELECT n FROM b ORDER BY n DESC")
		if n := s.count(c); n != 5000 {
			t.Errorf("%d rows", n)
		}
		name := s.disk.Path(m, 2, "second.db")
		s.exec(c, "ATTACH '"+name+"' AS second", "CREATE TABLE second.c (n)",
			"BEGIN", insert, "INSERT INTO second.c VALUES (1)", "COMMIT")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestNames: a name that would be read as something else is refused.
func TestNames(t *testing.T) {
	s := newStorm(t, setup{}, nil)
	defer s.close()
	for _, name := range []string{"a?b", "a/b", "a%20b", "a#b", "a&b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is the name of a file", name)
				}
			}()
			s.disk.Path(nil, 0, name)
		}()
	}
}

// TestClose: the file systems are out of SQLite's list.
func TestClose(t *testing.T) {
	s := newStorm(t, setup{still: true}, nil)
	defer s.close()
	m := s.machine(2)
	name := s.disk.Path(m, 2, ledger)
	if again := s.disk.Path(m, 2, ledger); again != name {
		t.Errorf("a machine has two names for a file: %s, %s", name, again)
	}
	m.Crash()
	next := s.disk.Path(s.machine(2), 2, ledger) // the dead may not have unwound
	if vfs.Find(systemOf(name)) == nil {
		t.Error("it is gone before they have")
	}
	s.passes(ms)
	last := s.disk.Path(s.machine(3), 3, ledger)
	for _, c := range []struct {
		name  string
		there bool
	}{{name, false}, {next, true}, {last, true}} {
		if there := vfs.Find(systemOf(c.name)) != nil; there != c.there {
			t.Errorf("%s is there: %t", c.name, there)
		}
	}
	s.disk.Close()
	if vfs.Find(systemOf(last)) != nil {
		t.Error("a closed disk is still in the list")
	}
}

// systemOf is the file system in the name of a database.
func systemOf(name string) string {
	_, system, _ := strings.Cut(name, "?vfs=")
	return system
}
