package reports

import (
	"fmt"

	"derail/checker/history"
)

// messageSentence tells what became of a message.
func messageSentence(r *history.Record, who, job string) string {
	what, to := "the request of "+who+" to "+clean(r.Subject), "the store"
	if r.From == history.MessageStore {
		what, to = "the answer to "+clean(r.Subject), who
	}
	if r.Subject == history.MessageNews {
		what = "news of the board"
	}
	if r.Job >= 0 {
		what += " " + job
	}
	switch after := Duration(int64(r.N) * microsecond); r.Reason {
	case "":
		return fmt.Sprintf("%s reached %s after %s", what, to, after)
	case history.MessageRepeated:
		return fmt.Sprintf("%s reached %s once more, after %s", what, to, after)
	case history.MessageTooLate:
		return fmt.Sprintf("%s came too late: %s no longer waits for it", what, to)
	default:
		return fmt.Sprintf("%s did not reach %s%s", what, to, because(r.Reason))
	}
}

// messageSymbol is the mark that a record gets in the lane of messages.
func messageSymbol(r *history.Record) string {
	switch {
	case r.Kind != history.Message:
		return ""
	case r.Reason == history.MessageLost, r.Reason == history.MessageTooLate:
		return "astray"
	case r.To == history.MessageStore:
		return "request"
	default:
		return "answer"
	}
}

// messageName is what a message is called where there is room for few words.
func messageName(r *history.Record) string {
	name := clean(r.Subject)
	if r.From == history.MessageStore && r.Subject != history.MessageNews {
		name += ", answered"
	}
	if r.Reason != "" {
		name += " (" + clean(r.Reason) + ")"
	}
	return name
}
