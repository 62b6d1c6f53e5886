// Checks histories of transactions for strict serializability: whether each client's calls could have been done one after another, each
// at some moment between its invocation and its completion, with the results that they had.
//
//	go run . FILE...
//
// Each line of a file is one call as JSON, see transactions.py, which makes them. Calls of one round are a history of their own. The last line
// of the output is `N passed, N failed`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// A condition on a list: nothing is asked if all members are nil.
type condition struct {
	Exists   *bool   `json:"exists"`
	Size     *int    `json:"size"`
	Contains *string `json:"contains"`
}

// What is done to the list under a key: append, put, delete, nothing, check.
type action struct {
	Key   int        `json:"key"`
	Do    string     `json:"do"`
	Value string     `json:"value"`
	If    *condition `json:"if"`
}

// Kind: write or read. Result: ok, failed (conditions), none (nothing was done), unknown (the connection was lost).
type call struct {
	Round   int       `json:"round"`
	Client  int       `json:"client"`
	Call    int64     `json:"call"`
	Return  int64     `json:"return"`
	Kind    string    `json:"kind"`
	Actions []action  `json:"actions"`
	Keys    []int     `json:"keys"`
	Result  string    `json:"result"`
	Lists   []*string `json:"lists"`  // read: of the keys; nil: not there
	Failed  []int     `json:"failed"` // the actions whose conditions did not hold
	Old     []*string `json:"old"`    // their items
	New     *string   `json:"new"`    // what an update of one item returned
}

const absent = "-"

// A state is the lists of all keys, joined: a string, so that states are compared fast.
func lists(state string) []string { return strings.Split(state, ";") }

func text(list *string) string {
	if list == nil {
		return absent
	}
	return *list
}

func elements(list string) []string { return strings.Split(list, ",") }

func (c *condition) holds(list string) bool {
	switch {
	case c == nil:
		return true
	case c.Exists != nil:
		return *c.Exists == (list != absent)
	case list == absent:
		return false
	case c.Size != nil:
		return len(elements(list)) == *c.Size
	case c.Contains != nil:
		return slices.Contains(elements(list), *c.Contains)
	}
	return true
}

func (a *action) apply(list string) string {
	switch {
	case a.Do == "put" || a.Do == "append" && list == absent:
		return a.Value
	case a.Do == "append":
		return list + "," + a.Value
	case a.Do == "delete":
		return absent
	}
	return list
}

// The state after a write, and the actions whose conditions do not hold.
func (c *call) write(state string) (string, []int) {
	all := lists(state)
	failed := []int{}
	for i, a := range c.Actions {
		if !a.If.holds(all[a.Key]) {
			failed = append(failed, i)
		}
	}
	for _, a := range c.Actions {
		all[a.Key] = a.apply(all[a.Key])
	}
	return strings.Join(all, ";"), failed
}

func one(state string) []interface{} { return []interface{}{state} }

func step(stateValue, input, _ interface{}) []interface{} {
	state := stateValue.(string)
	c := input.(*call)
	if c.Kind == "read" {
		all := lists(state)
		for i, key := range c.Keys {
			if c.Result == "ok" && all[key] != text(c.Lists[i]) {
				return nil
			}
		}
		return one(state)
	}
	after, failed := c.write(state)
	switch c.Result {
	case "ok":
		if len(failed) > 0 || c.New != nil && lists(after)[c.Actions[0].Key] != *c.New {
			return nil
		}
		return one(after)
	case "failed":
		// once one has failed the others are looked at without being held, each at its own moment
		for i, at := range c.Failed {
			if slices.Contains(failed, at) && (c.Old == nil || lists(state)[c.Actions[at].Key] == text(c.Old[i])) {
				return one(state)
			}
		}
		return nil
	case "unknown":
		if len(failed) > 0 {
			return one(state)
		}
		return []interface{}{state, after}
	}
	return one(state)
}

func model(keys int) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []interface{} {
			return one(strings.TrimSuffix(strings.Repeat(absent+";", keys), ";"))
		},
		Step: step,
		DescribeOperation: func(input, _ interface{}) string {
			line, _ := json.Marshal(input)
			return string(line)
		},
	}
	return m.ToModel()
}

func read(name string, rounds map[int][]porcupine.Operation) (calls, unknown int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		c := new(call)
		if err := json.Unmarshal(scanner.Bytes(), c); err != nil {
			return 0, 0, err
		}
		end := c.Return
		if c.Result == "unknown" {
			end = math.MaxInt64
			unknown++
		}
		calls++
		rounds[c.Round] = append(rounds[c.Round], porcupine.Operation{ClientId: c.Client, Input: c, Call: c.Call, Return: end})
	}
	return calls, unknown, scanner.Err()
}

func main() {
	rounds := map[int][]porcupine.Operation{}
	calls, unknown, results := 0, 0, map[string]int{}
	for _, name := range os.Args[1:] {
		c, u, err := read(name, rounds)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		calls, unknown = calls+c, unknown+u
	}
	numbers := []int{}
	for number := range rounds {
		numbers = append(numbers, number)
	}
	sort.Ints(numbers)
	passed, failed := 0, 0
	for _, number := range numbers {
		keys := 0
		for _, o := range rounds[number] {
			c := o.Input.(*call)
			results[c.Kind+" "+c.Result]++
			for _, a := range c.Actions {
				keys = max(keys, a.Key+1)
			}
			for _, key := range c.Keys {
				keys = max(keys, key+1)
			}
		}
		result, info := porcupine.CheckOperationsVerbose(model(keys), rounds[number], 2*time.Minute)
		if result == porcupine.Ok {
			passed++
			continue
		}
		failed++
		name := fmt.Sprintf("%s/round%d.html", os.TempDir(), number)
		fmt.Printf("not ok: round %d of %d calls: %s, see %s\n", number, len(rounds[number]), result, name)
		if err := porcupine.VisualizePath(model(keys), info, name); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Printf("%d calls, %d of them of unknown outcome: %v\n", calls, unknown, results)
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
