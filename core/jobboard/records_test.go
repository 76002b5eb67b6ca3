package jobboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

var someFailure = &failure.Failure{
	Class: failure.Storage, Atom: "t", Text: "no disk", Causes: []string{"full"}, Panic: true, Stack: "x\n",
}

func encodeHolder(h Holder) []byte {
	holder, _ := encodeClaim(&Job{Holder: h})
	return holder
}

func somePosting() Posting {
	return Posting{ID: "j", Name: "n", Priority: VeryLow, Book: "b", Flow: "f", Posted: time.Unix(1, 2).UTC()}
}

func withSomeInputs(t testing.TB) Posting {
	p := somePosting()
	p.Inputs = inputs(t, flow.Args{{Name: "y", Value: []byte("b")}, {Name: "x", Value: 300}})
	return p
}

func someLedger() Ledger {
	return Ledger{Epoch: math.MaxInt64, Attempts: math.MaxInt32, NotBefore: time.Unix(3, 4).UTC(), Released: 5, Last: someFailure}
}

// TestRecordsComeBack: what is stored is what is read.
func TestRecordsComeBack(t *testing.T) {
	check := func(want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Trashed{}), cmpopts.EquateComparable(Inputs{})); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for _, p := range []Posting{somePosting(), {ID: "j"}, withSomeInputs(t)} {
		got, err := decodePosting(encodePosting(&p), "j")
		check(p, got, err)
	}
	for _, l := range []Ledger{someLedger(), {}} {
		got, err := decodeLedger(encodeLedger(&l))
		check(l, got, err)
		trashed := Trashed{Posting: somePosting(), Ledger: l, Reason: ByOperator, By: "me", Under: 7, At: time.Unix(8, 0).UTC()}
		back, err := decodeTrashed(encodeTrashed(&trashed), "j")
		check(trashed, back, err)
		trashed.Posting = withSomeInputs(t)
		back, err = decodeTrashed(encodeTrashed(&trashed), "j")
		check(trashed, back, err)
	}
	holder, err := ReadHolder(encodeHolder(Holder{Owner: "me", Epoch: 9, serial: 3}))
	if err != nil || holder != (Holder{Owner: "me", Epoch: 9, serial: 3}) {
		t.Errorf("%+v, %v", holder, err)
	}
	job := Job{Holder: Holder{Owner: "me", Epoch: 9}, Ledger: someLedger()}
	_, stored := encodeClaim(&job)
	ledger, err := decodeLedger(stored)
	check(job.Ledger, ledger, err)
	entity := Entity{"conductor", "me", "here"}
	back, err := decodeEntity(encodeEntity(&entity))
	check(entity, back, err)
}

// TestStoredForm pins the fields: they are on disks, and must be the same on every processor.
func TestStoredForm(t *testing.T) {
	p, l := somePosting(), Ledger{Epoch: 300, Attempts: 2, Released: 1}
	fed := withSomeInputs(t)
	buried := encodeTrashed(&Trashed{Posting: fed, Reason: ByOperator})
	const fields = "\x01j\x01n\x03\x01b\x01f\x84\xa8\xd6\xb9\a"
	const more = "\x16I\x01\x00\x00\x00\x16\x02\x01x\x03\x03\xd8\x04\x01y\x02\x05b\xb3\xe64\xf2"
	for _, c := range []struct{ got, want string }{
		{string(encodePosting(&p)), "J\x01" + fields},
		{string(encodePosting(&fed)), "J\x02" + fields + more},
		{string(buried), "T\x02" + fields + more + "\x00\x00\x00\x00\x00\boperator\x00\x00\x00"},
		{string(encodeLedger(&l)), "L\x01\xd8\x04\x04\x00\x02\x00"},
		{string(encodeHolder(Holder{Owner: "me", Epoch: 3, serial: 1})), "C\x01\x02me\x06\x02"},
	} {
		// Between the version and the fields is the length, and behind them the checksum.
		if fields := c.got[:2] + c.got[6:len(c.got)-4]; fields != c.want {
			t.Errorf("got %q, want %q", fields, c.want)
		}
	}
}

// TestImpossibleRecords have a good checksum and say what cannot be.
func TestImpossibleRecords(t *testing.T) {
	ledger := func(attempts int64) []byte {
		w := record.Begin(ledgerRecord, recordVersion, 16)
		w.Int(1)
		w.Int(attempts)
		w.Int(0)
		w.Int(0)
		w.Bool(false)
		return w.End()
	}
	if _, err := decodeLedger(ledger(1)); err != nil {
		t.Fatal(err)
	}
	for _, attempts := range []int64{-1, math.MaxInt32 + 1} {
		if _, err := decodeLedger(ledger(attempts)); err == nil {
			t.Errorf("%d attempts are read", attempts)
		}
	}
	p := Posting{ID: "j", Priority: 7}
	if _, err := decodePosting(encodePosting(&p), "j"); err == nil {
		t.Error("a priority that does not exist is read")
	}
	p.Priority = Low
	if _, err := decodePosting(encodePosting(&p), "k"); err == nil {
		t.Error("another job's posting is read")
	}
	if _, err := decodeTrashed(encodeTrashed(&Trashed{Posting: p}), "k"); err == nil {
		t.Error("another job's record in the trash is read")
	}
}

// FuzzRecords: no bytes make a reader panic, and what can be read is what writing it would give.
func FuzzRecords(f *testing.F) {
	p, l, trashed := somePosting(), someLedger(), Trashed{Posting: somePosting(), Ledger: someLedger()}
	fed := withSomeInputs(f)
	for _, seed := range [][]byte{
		nil,
		{0},
		encodePosting(&fed), encodeTrashed(&Trashed{Posting: fed, Ledger: someLedger()}),
		encodePosting(&p), encodeLedger(&l), encodeHolder(Holder{Owner: "me", Epoch: 1}), encodeTrashed(&trashed),
		encodeEntity(&Entity{"k", "n", "h"}),
	} {
		f.Add(seed)
		if len(seed) > record.Overhead {
			f.Add(append(seed[:2:2], seed[6:len(seed)-4]...)) // which sealed seals again
		}
	}
	sealedPosting := sealed(append(encodePosting(&p)[:2:2], encodePosting(&p)[6:len(encodePosting(&p))-4]...))
	if _, err := decodePosting(sealedPosting, "j"); err != nil {
		f.Fatal("sealed does not know the form of records: ", err)
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		for _, body := range [][]byte{stored, sealed(stored)} {
			again := map[string][]byte{}
			if p, err := decodePosting(body, "j"); err == nil {
				again["posting"] = encodePosting(&p)
			}
			if l, err := decodeLedger(body); err == nil {
				again["ledger"] = encodeLedger(&l)
			}
			if h, err := decodeHolder(body); err == nil {
				again["holder"] = encodeHolder(h)
			}
			if tr, err := decodeTrashed(body, "j"); err == nil {
				again["trashed"] = encodeTrashed(&tr)
			}
			if e, err := decodeEntity(body); err == nil {
				again["entity"] = encodeEntity(&e)
			}
			for kind, bytesAgain := range again {
				if !bytes.Equal(bytesAgain, body) {
					t.Errorf("%s: %q is read, and written as %q", kind, body, bytesAgain)
				}
			}
			if len(again) > 1 {
				t.Errorf("%q is of several kinds", body)
			}
		}
	})
}

// sealed makes a record with a good length and checksum of kind, version and fields, so that what lies
// behind those two is tried as well.
func sealed(content []byte) []byte {
	if len(content) < 2 {
		return content
	}
	sealed := binary.BigEndian.AppendUint32(bytes.Clone(content[:2]), uint32(len(content)+8))
	sealed = append(sealed, content[2:]...)
	return binary.BigEndian.AppendUint32(sealed, crc32.Checksum(sealed, crc32.MakeTable(crc32.Castagnoli)))
}

// TestDamagedRecords: one damaged record hides one job, which is named; nothing else is affected.
func TestDamagedRecords(t *testing.T) {
	for _, key := range []string{postingPrefix + "j", ledgerPrefix + "j", claimPrefix + "j"} {
		for _, how := range []string{"flipped", "cut", "empty", "missing", "of another kind"} {
			if how == "missing" && key == claimPrefix+"j" {
				continue // that is an unclaimed job
			}
			t.Run(how+"/"+key, func(t *testing.T) {
				inOffice(t, func(o *office) {
					o.post("i")
					o.post("j")
					o.post("k")
					s := o.session("a")
					o.claim(s, "j")
					pair, _, err := o.store.Get(o.ctx, key)
					o.must(err)
					op := store.PutLeased(key, damage(pair.Value, how), pair.Lease)
					op.Delete = how == "missing"
					o.store.Commit(o.ctx, store.Txn{Then: []store.Op{op}})
					jobs, err := o.List(o.ctx)
					if len(jobs) != 2 || jobs[0].ID != "i" || jobs[1].ID != "k" {
						o.Errorf("listed: %+v", jobs)
					}
					named := key
					if how == "missing" {
						named = "job j"
					}
					var damaged *record.DamagedError
					if err == nil || !strings.Contains(err.Error(), named) || !errors.As(err, &damaged) {
						o.Errorf("the damage: %v", err)
					}
					if _, err := o.Find(o.ctx, "j"); err == nil {
						o.Error("the damaged job can be found")
					}
					v := o.NewView(s, o.host.NewSignal())
					snap, err := o.store.Range(o.ctx, boardPrefix)
					o.must(err)
					v.replace(snap)
					first, _ := v.Next(time.Now())
					v.Avoid(first, time.Now().Add(time.Hour))
					second, _ := v.Next(time.Now())
					v.Avoid(second, time.Now().Add(time.Hour))
					third, _ := v.Next(time.Now())
					if first.ID != "i" || second.ID != "k" || third != nil {
						o.Errorf("the view offers %v, %v, %v", first, second, third)
					}
					if orphan := v.Orphan(func(string) bool { return false }); orphan != nil {
						o.Errorf("the view offers an orphan: %+v", orphan)
					}
				})
			})
		}
	}
}

// TestDamageIsNotOffered: a job whose records were damaged in the write that made them what they are is
// neither one to be claimed nor an orphan, and the next one is.
func TestDamageIsNotOffered(t *testing.T) {
	for _, damaged := range []string{"ledger", "claim"} {
		for _, claimed := range []bool{false, true} {
			inOffice(t, func(o *office) {
				o.post("j")
				o.post("k")
				s := o.session("a")
				ledger, holder := encodeLedger(&Ledger{Epoch: 1}), encodeHolder(Holder{Owner: "a", Epoch: 1})
				if damaged == "ledger" {
					ledger = damage(ledger, "flipped")
				} else {
					holder = damage(holder, "flipped")
				}
				for _, id := range []string{"j", "k"} {
					ops := []store.Op{store.Put(ledgerPrefix+id, ledger)}
					if claimed {
						ops = append(ops, store.PutLeased(claimPrefix+id, holder, s.lease))
					}
					o.store.Commit(o.ctx, store.Txn{Then: ops})
					ledger, holder = encodeLedger(&Ledger{Epoch: 2}), encodeHolder(Holder{Owner: "a", Epoch: 2})
				}
				v := o.NewView(s, o.host.NewSignal())
				snap, err := o.store.Range(o.ctx, boardPrefix)
				o.must(err)
				v.replace(snap)
				offered, _ := v.Next(time.Now())
				if claimed {
					offered = v.Orphan(func(string) bool { return false })
				}
				want := "k"
				if damaged == "claim" {
					want = "j" // a claim is known by its lease and its ledger
				}
				if offered == nil || offered.ID != want || claimed && (offered.Holder.Owner != "a" || offered.Holder.Epoch == 0) {
					o.Errorf("%s, claimed %t: the view offers %+v", damaged, claimed, offered)
				}
			})
		}
	}
}

func damage(value []byte, how string) []byte {
	value = bytes.Clone(value)
	switch how {
	case "flipped":
		value[len(value)/2] ^= 1
	case "cut":
		value = value[:len(value)-1]
	case "empty":
		value = nil
	case "of another kind":
		value = encodeEntity(&Entity{})
	}
	return value
}

// TestDamageElsewhere: a foreign key on the board, a damaged record in the trash, a damaged entity.
func TestDamageElsewhere(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		o.post("k")
		s := o.session("a")
		o.must(o.Trash(o.ctx, o.claim(s, "k"), ByOperator, nil))
		o.store.Commit(o.ctx, store.Txn{Then: []store.Op{
			store.Put("board/x", nil), store.Put(trashPrefix+"a", []byte("?")), store.Put(entityPrefix+"a", []byte("?")),
		}})
		jobs, err := o.List(o.ctx)
		if len(jobs) != 1 || err == nil || !strings.Contains(err.Error(), "board/x") {
			o.Errorf("the board: %v, %v", jobs, err)
		}
		trash, err := o.TrashList(o.ctx)
		if len(trash) != 1 || err == nil || !strings.Contains(err.Error(), trashPrefix+"a") {
			o.Errorf("the trash: %v, %v", trash, err)
		}
		entities, err := o.Entities(o.ctx)
		if len(entities) != 1 || err == nil || !strings.Contains(err.Error(), entityPrefix+"a") {
			o.Errorf("the entities: %v, %v", entities, err)
		}
		if err := o.Restore(o.ctx, "a"); err == nil || errors.Is(err, ErrGone) {
			o.Errorf("restoring a damaged record: %v", err)
		}
		if s, err := o.WaitGone(o.ctx, "a", 0); s != state.Trashed || err != nil {
			o.Errorf("a job whose record in the trash is damaged: %s, %v", s, err)
		}
		o.must(o.Purge(o.ctx, "a"))
		if err := o.Purge(o.ctx, "a"); !errors.Is(err, ErrGone) {
			o.Errorf("purged twice: %v", err)
		}
		v := o.NewView(s, o.host.NewSignal())
		snap, err := o.store.Range(o.ctx, boardPrefix)
		o.must(err)
		v.replace(snap)
		if job, _ := v.Next(time.Now()); job == nil || job.ID != "j" {
			o.Errorf("the view offers %v", job)
		}
	})
}

// TestDamagedEvidence: what cannot be read proves nothing.
func TestDamagedEvidence(t *testing.T) {
	inOffice(t, func(o *office) {
		for _, d := range []string{labelAbandon, labelTrash} {
			o.post(d)
			s := o.session("a")
			c := o.claim(s, d)
			call := func() error { return o.Abandon(o.ctx, c, Abandonment{}) }
			key := ledgerPrefix + d
			if d == labelTrash {
				call = func() error { return o.Trash(o.ctx, c, ByOperator, nil) }
				key = trashPrefix + d
			}
			o.store.plan(d, loseAnswer)
			o.store.failReads(errDown)
			if err := call(); !errors.Is(err, store.ErrUnknown) {
				o.Error(err)
			}
			o.store.failReads(nil)
			o.must(o.store.Revoke(o.ctx, s.lease))
			o.store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Put(key, []byte("?"))}})
			if err := call(); !errors.Is(err, ErrUntraceable) {
				o.Error(err)
			}
		}
	})
}
