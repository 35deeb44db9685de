package x

import (
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops/pipeline/live"
)

// money is in millionths of a dollar.
type money int64

func dollars(d float64) money    { return money(math.Round(d * 1e6)) }
func (m money) dollars() float64 { return float64(m) / 1e6 }
func (m money) String() string   { return fmt.Sprintf("$%.2f", m.dollars()) }

// Prices are what X charges (docs.x.com, "Pricing", August 2026), in dollars.
type Prices struct {
	Post float64 // each post that is delivered
	User float64 // each author that comes with a post
}

// DefaultPrices are those of pay-per-use. X's documentation does not say whether
// the authors that come with posts are charged; the careful reading is that they
// are.
var DefaultPrices = Prices{Post: 0.005, User: 0.010}

// countPrice is that of one request for counts.
const countPrice money = 5000

// margin is the part of a cap that is not spent: when it is touched the stream is
// closed, and what X has sent by then is charged all the same.
const margin = 0.05

// budget counts what is spent, and stops before a cap. Each post is counted as
// often as it comes, though X charges it once a day (UTC). What the file says is
// never less than what is spent: room for more is written there ahead.
type budget struct {
	capDay, capMonth money // 0: none
	post, user       money
	file             string
	now              func() time.Time

	mu     sync.Mutex
	spent  spending
	booked money     // what the file says beyond spent
	day    time.Time // of spent.Day
}

// spending is what was spent in the day and the month (UTC) that it names.
type spending struct {
	Day        string `json:"day"`
	DaySpent   money  `json:"day_spent"`
	Searched   money  `json:"day_searched"` // of it, by searches
	Month      string `json:"month"`
	MonthSpent money  `json:"month_spent"`
}

func newBudget(cfg Config) (*budget, error) {
	b := &budget{capDay: dollars(cfg.BudgetDay), capMonth: dollars(cfg.BudgetMonth),
		post: dollars(cfg.Prices.Post), user: dollars(cfg.Prices.User), now: time.Now}
	switch {
	case !(cfg.BudgetDay >= 0) || !(cfg.BudgetMonth >= 0) || !(cfg.Prices.Post > 0) || !(cfg.Prices.User >= 0):
		return nil, fmt.Errorf("a budget and a price are in dollars and not negative, and a post has a price")
	case b.capDay == 0 && b.capMonth == 0:
		return nil, fmt.Errorf("posts of X cost money: say how many dollars may be spent in a day, in a month, or both")
	case b.most() < 20*b.item():
		return nil, fmt.Errorf("a budget of %v does not buy 20 posts at %v each", b.most(), b.item())
	}
	return b, nil
}

// most is the smaller cap.
func (b *budget) most() money {
	if b.capDay == 0 || b.capMonth != 0 && b.capMonth < b.capDay {
		return b.capMonth
	}
	return b.capDay
}

// item is what a post costs with its author.
func (b *budget) item() money { return b.post + b.user }

// open reads what was spent before. After a kill that is a little more than was.
// When the file is damaged nobody knows, and all counts as spent.
func (b *budget) open(file string, log *slog.Logger) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.file = file
	if file != "" {
		if err := live.Load(file, &b.spent); err != nil {
			log.Error("what was spent on X is not known, so this month (UTC) counts as spent; look into the developer console, and write the true sums, in millionths of a dollar, into "+file, "error", err)
			b.roll()
			b.spent.DaySpent, b.spent.MonthSpent = b.capDay, b.capMonth
		}
	}
	b.roll()
	if err := b.book(b.ahead()); err != nil {
		log.Error("the budget", "error", err) // the first post says so again, and ends the stream
	}
}

// ahead is for how much room is written down at a time.
func (b *budget) ahead() money { return 2 * max(b.item(), b.most()/200) }

// roll begins a new day or month.
func (b *budget) roll() {
	now := b.now().UTC()
	midnight := now.Truncate(24 * time.Hour)
	if midnight.Equal(b.day) {
		return
	}
	b.day = midnight
	if day := now.Format(time.DateOnly); b.spent.Day != day {
		b.spent.Day, b.spent.DaySpent, b.spent.Searched = day, 0, 0
	}
	if month := now.Format("2006-01"); b.spent.Month != month {
		b.spent.Month, b.spent.MonthSpent = month, 0
	}
}

// left is what may still be spent now.
func (b *budget) left() money {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	left := money(math.MaxInt64)
	for _, c := range []struct{ limit, spent money }{{b.capDay, b.spent.DaySpent}, {b.capMonth, b.spent.MonthSpent}} {
		if c.limit > 0 {
			left = min(left, c.limit-money(float64(c.limit)*margin)-c.spent)
		}
	}
	return max(0, left)
}

// forSearches is what may be spent on searches now: half of what is left, and half
// of a day's budget in a day, so that they never take it all from the stream.
func (b *budget) forSearches() money {
	left := b.left()
	b.mu.Lock()
	defer b.mu.Unlock()
	day := b.capDay
	if day == 0 {
		day = b.capMonth / 30
	}
	return max(0, min(left/2, day/2-b.spent.Searched))
}

// paySearch is pay for what a search brought.
func (b *budget) paySearch(amount money) error {
	b.mu.Lock()
	b.roll()
	b.spent.Searched += amount
	b.mu.Unlock()
	return b.pay(amount)
}

// closed reports whether the next post may not be bought; renews is when it may.
func (b *budget) closed() (renews time.Time, closed bool) {
	if b.left() >= b.item() {
		return time.Time{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now().UTC()
	renews = now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	if b.capMonth > 0 && b.capMonth-money(float64(b.capMonth)*margin)-b.spent.MonthSpent < b.item() {
		renews = time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return renews, true
}

// pay counts what was delivered. Its error means that it cannot be written down:
// nothing more may be bought then.
func (b *budget) pay(amount money) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	b.spent.DaySpent += amount
	b.spent.MonthSpent += amount
	b.booked -= amount
	metrics.GetOrCreateGauge(`hugops_x_spent_dollars{period="day"}`, nil).Set(b.spent.DaySpent.dollars())
	metrics.GetOrCreateGauge(`hugops_x_spent_dollars{period="month"}`, nil).Set(b.spent.MonthSpent.dollars())
	if b.booked >= b.item() {
		return nil
	}
	return b.book(b.ahead())
}

// book writes room for so much more.
func (b *budget) book(ahead money) error {
	if b.file == "" {
		b.booked = ahead
		return nil
	}
	s := b.spent
	s.DaySpent += ahead
	s.MonthSpent += ahead
	if err := live.Save(b.file, s); err != nil {
		return fmt.Errorf("what is spent on X cannot be written down, so nothing more is bought: %w", err)
	}
	b.booked = ahead
	return nil
}

// settle writes exactly what was spent.
func (b *budget) settle() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	return b.book(0)
}

func (b *budget) said() (day, month money) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	return b.spent.DaySpent, b.spent.MonthSpent
}
