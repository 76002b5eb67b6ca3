package reports

import (
	"fmt"
	"strings"

	"derail/checker"
)

// explanation tells why something is as it is, in sections that text and HTML show each in their way.
type explanation struct {
	Sections []section
}

// section is one part of an explanation: sentences, then steps in order, then a remark.
type section struct {
	Heading    string
	Paragraphs []string
	Steps      []step
}

// step is one line of a story. A step without a time stands for what was left out.
type step struct {
	At     int64
	Record int64 // 0: no record
	Text   string
	Folded bool
}

// explainCycle tells an endless cycle to somebody who has never heard of one.
func explainCycle(c *checker.CyclePath, policy Policy, groups []JobGroup) explanation {
	return explanation{Sections: []section{
		{Heading: "What happened", Paragraphs: []string{cycleStory(c, groups)}, Steps: cycleSteps(c)},
		{Heading: "What it cost", Paragraphs: cycleCost(c)},
		{Heading: cycleWhyHeading(c), Paragraphs: cycleWhy(c, policy)},
		{Heading: "What cures it", Paragraphs: cycleCure(c, policy)},
	}}
}

func cycleStory(c *checker.CyclePath, groups []JobGroup) string {
	return fmt.Sprintf("Job %s%s was claimed by a conductor and given up again %s in a row, between %s and %s "+
		"of simulated time. In all that time its logbook got no further than it had been: no task was "+
		"recorded as done that had not been recorded before. To claim a job is to take it off the board in "+
		"order to run it; to give it up is to put it back, for the next conductor to try.",
		clean(c.Job), jobAbout(c.Job, groups), times(int64(c.Claims)), instant(c.From), instant(c.Until))
}

// jobAbout says what kind of job it is, where its group is known: " (a linear flow of 3 tasks)".
func jobAbout(job string, groups []JobGroup) string {
	for _, g := range groups {
		number, found := strings.CutPrefix(job, g.Name)
		numbered := number == "" || number[0] == '-' && strings.Trim(number, "-0123456789") == ""
		if !found || !numbered || g.Tasks == 0 {
			continue
		}
		if g.Pattern == "" {
			return fmt.Sprintf(" (a flow of %s)", plural(int64(g.Tasks), "task"))
		}
		article := "a"
		if strings.ContainsRune("aeiou", rune(g.Pattern[0])) {
			article = "an"
		}
		return fmt.Sprintf(" (%s %s flow of %s)", article, clean(g.Pattern), plural(int64(g.Tasks), "task"))
	}
	return ""
}

// cycleSteps is the path: the first claims, a fold, the last.
func cycleSteps(c *checker.CyclePath) []step {
	var steps []step
	for i, s := range c.Steps {
		number := i + 1
		if i == len(c.Steps)-1 {
			number = c.Claims
			if left := c.Claims - len(c.Steps); left > 0 {
				text := plural(int64(left), "more claim") + " in the same way"
				steps = append(steps, step{Folded: true, Text: text})
			}
		}
		again := i > 0 && s.Failure != "" && s.Failure == c.Steps[i-1].Failure
		steps = append(steps, step{At: s.At, Record: s.Record, Text: cycleStep(s, number, again)})
	}
	return steps
}

// cycleStep is one claim and its end. A failure that was just named is not named again.
func cycleStep(s checker.CycleStep, number int, again bool) string {
	text := fmt.Sprintf("%s claimed it (claim %s), ", clean(s.Conductor), grouped(int64(number)))
	switch s.End {
	case "abandon":
		failure := "failed"
		if again {
			failure = "failed in the same way"
		} else if s.Failure != "" {
			failure = fmt.Sprintf("failed (%s)", clean(s.Failure))
		}
		return text + "its run " + failure + ", it gave the job up"
	case "lease end":
		return text + "died or lost its lease, and the board took the job back"
	case "unknown", "":
		return text + "and nobody heard how that ended"
	default:
		return text + "and it ended with: " + clean(s.End)
	}
}

func cycleCost(c *checker.CyclePath) []string {
	cost := fmt.Sprintf("%s of conductor time", Duration(c.Held))
	if c.Executed > 0 {
		cost += " and " + plural(int64(c.Executed), "task execution")
	}
	paragraphs := []string{cost + ", all for nothing: other jobs did not get them."}
	if len(c.Owners) > 0 {
		paragraphs = append(paragraphs, "Claimed by "+tallies(c.Owners)+".")
	}
	if len(c.Failures) > 0 {
		paragraphs = append(paragraphs, "Ended by "+tallies(c.Failures)+".")
	}
	return paragraphs
}

// mostTallies is how many of a tally are named. The list has the most frequent first.
const mostTallies = 6

func tallies(list []checker.Tally) string {
	var parts []string
	for i, t := range list {
		if i == mostTallies {
			parts = append(parts, plural(int64(len(list)-i), "other"))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", clean(t.Text), times(int64(t.Count))))
	}
	return join(parts)
}

func cycleWhyHeading(c *checker.CyclePath) string {
	if c.Ended {
		return "Why it went on for so long"
	}
	return "Why it never ends"
}

func cycleWhy(c *checker.CyclePath, policy Policy) []string {
	back := "A job that was given up goes back on the board as if nobody had ever tried it, so the next free " +
		"conductor takes it, fails in the same way and gives it up in turn."
	switch {
	case policy.Attempts == 0:
		return []string{
			back,
			"There is no limit of attempts (policy: attempts 0, which is what TaskFlow does), and nothing else " +
				"counts them either: no step of the cycle brings its end any nearer.",
		}
	case c.Claims < policy.Attempts:
		return []string{back, fmt.Sprintf("The limit of %s was not reached: %s in a row without progress already "+
			"count as a cycle here.", plural(int64(policy.Attempts), "attempt"), plural(int64(c.Claims), "claim"))}
	case len(policy.Excuse) > 0:
		return []string{back, fmt.Sprintf("There is a limit of %s, but failures of the class %s do not count "+
			"against it (policy: excuse), so it is not reached.",
			plural(int64(policy.Attempts), "attempt"), cleanJoin(policy.Excuse))}
	default:
		return []string{back, fmt.Sprintf("There is a limit of %s, but the job was claimed more often than that: "+
			"the limit was not kept.", plural(int64(policy.Attempts), "attempt"))}
	}
}

func cycleCure(c *checker.CyclePath, policy Policy) []string {
	switch {
	case policy.Attempts == 0:
		return []string{
			"A limit of attempts. With attempts: 5 in the scenario's policy every claim is counted, also one " +
				"whose conductor dies, and after the fifth the job goes to the trash with its last failure. " +
				"There it costs nothing, and an operator can look at it and restore it.",
		}
	case c.Claims < policy.Attempts:
		return []string{"A lower limit of attempts, or a longer backoff between them."}
	case len(policy.Excuse) > 0:
		return []string{"Excuse fewer classes of failure, so that the attempts are counted in the end."}
	default:
		return []string{"Find out why the limit was not kept: the run's history has the attempts charged."}
	}
}

func cleanJoin(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = clean(name)
	}
	return join(list)
}
