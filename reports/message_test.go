package reports

import (
	"slices"
	"strings"
	"testing"

	"derail/checker/history"
)

// talkative is a run of which messages were recorded: a claim whose answer was lost.
func talkative() *RunFolder {
	f := doubleRun()
	h := *f.History
	request := history.Record{
		At: h.Records[len(h.Records)-1].At, Type: history.Event, Kind: history.Message, N: 900, Subject: "claim",
		To: history.MessageStore, Process: history.ProcessID(slices.Index(h.Processes, "conductor-1")),
	}
	answer := request
	answer.To, answer.From, answer.Reason = "", history.MessageStore, history.MessageLost
	h.Records = append(slices.Clone(h.Records), request, answer) // last, so that all else keeps its number
	f.History = &h
	return f
}

// A story has messages only where they are asked for, and so has the stepper.
func TestMessagesAreToldWhenAsked(t *testing.T) {
	f := talkative()
	const request = "the request of conductor-1 to claim order-1 reached the store after 900µs"
	for _, tale := range []Telling{{}, {Whole: true}, {Messages: true, Whole: true}} {
		told := strings.Join(strings.Fields(Narrate(f, &tale, Style{})), " ")
		if strings.Contains(told, request) != tale.Messages {
			t.Errorf("%+v: the story is\n%s", tale, told)
		}
		s := NewStepper(f, &tale)
		if !s.GoTo(int64(len(f.History.Records)-1)) == tale.Messages {
			t.Errorf("%+v: the stepper ends at record %d of %d", tale, s.Record(), len(f.History.Records))
		}
	}
	if told := Narrate(f, &Telling{Messages: true}, Style{}); !strings.Contains(told, request) {
		t.Errorf("a short story folds its messages away:\n%s", told)
	}
}

// Messages have a lane of their own, in which those that were lost stand out; they take no place among the
// records but for those, as long as not every step is asked for.
func TestBrowserShowsMessages(t *testing.T) {
	content := page(t, nil, talkative())
	for _, text := range []string{"a request reached the store", "a message was lost, or came too late"} {
		if !strings.Contains(content, text) {
			t.Errorf("the legend does not say %q", text)
		}
	}
	got := played(t, content, `
change("job", "");
const seen = [lanes()];
const told = () => [...document.querySelectorAll(".records tbody td:last-child")].map((td) => td.textContent).join(";");
seen.push(told().includes("did not reach conductor-1 (lost)"), told().includes("to claim order-1 reached the store"));
of("all").checked = true;
of("all").dispatchEvent(new Event("change"));
seen.push(told().includes("to claim order-1 reached the store"));
say(seen.join(" "));`)
	if want := " messages order-1"; !strings.Contains(got, want) {
		t.Errorf("the lanes are %q, want %q among them", got, want)
	}
	if want := " true false true"; !strings.HasSuffix(got, want) {
		t.Errorf("the records show the lost answer, the request, and with every step the request: %q, want %q", got, want)
	}
}
