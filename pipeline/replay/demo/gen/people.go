package main

import (
	"fmt"
	"strings"
)

// author is an invented person, company or machine on one network.
type author struct {
	network   string // m, b, x
	lang      string
	name      string // as shown
	handle    string // local part
	host      string // Mastodon: the author's server
	note      string // Mastodon: the profile
	id        uint64 // number on Mastodon and X, seed of the DID on Bluesky
	bot       bool
	noIndex   bool
	provider  bool
	followers int

	posts  int
	stance string // of the latest post that took a side
	themes map[string]bool
}

// home is the server whose stream was recorded; its accounts have no host in
// their acct.
const home = "social.example"

// hosts of Mastodon authors; home stands there often, as it does in real streams.
var hosts = []string{home, home, home, "toot.example", "sysadmins.example", "hafen.example", "oslo.example", "art.example",
	"campus.example", "retro.example", "kollektiv.example", "lyon.example", "plaza.example", "tulp.example", "nantoka.example", "dev.example"}

var firstNames = map[string][]string{
	"en": {"Ada", "Bram", "Callum", "Dervla", "Edwin", "Fern", "Gus", "Hattie", "Idris", "Juno", "Kit", "Lorna", "Moss", "Nell", "Otis",
		"Priya", "Quill", "Rosa", "Soren", "Tamsin", "Una", "Vik", "Wren", "Yusuf", "Zadie", "Marlow", "Ingrid", "Tariq", "Bea", "Fitz"},
	"de": {"Anke", "Bernd", "Carla", "Detlef", "Elif", "Frauke", "Gregor", "Heike", "Jonas", "Kirsten", "Lothar", "Mine", "Nils", "Uschi"},
	"fr": {"Agathe", "Bastien", "Clémence", "Didier", "Élodie", "Farid", "Gaëlle", "Hugo", "Inès", "Jules", "Maëlle", "Sylvain"},
	"es": {"Alba", "Bruno", "Candela", "Diego", "Elena", "Fermín", "Gala", "Iker", "Jimena", "Lucía", "Mateo", "Nuria"},
	"pt": {"Afonso", "Bia", "Caio", "Duda", "Edson", "Filipa", "Gil", "Heitor", "Joana", "Luana", "Rui", "Tainá"},
	"nl": {"Anouk", "Bas", "Coen", "Daan", "Esther", "Femke", "Gijs", "Hanneke", "Joost", "Lotte", "Sjors", "Tineke"},
	"ja": {"あおい", "けんた", "さくら", "たろう", "なお", "はると", "みさき", "ゆき", "りん", "ことり"},
}

var lastNames = map[string][]string{
	"en": {"B.", "Castle", "Drumlin", "E.", "Fennick", "G.", "Hollow", "Jessop", "K.", "Larkspur", "M.", "Nettle", "O.", "Pemble", "Quince", "R.", "Sedge", "T.", "Umber", "W."},
	"de": {"A.", "Bergmoos", "D.", "Eichtal", "K.", "Lindhain", "M.", "S.", "Wiesner"},
	"fr": {"B.", "Claire-Aube", "D.", "F.", "Lavoine", "M.", "Perchefeu", "T."},
	"es": {"B.", "Cantarrana", "G.", "M.", "Olmedilla", "R.", "Vallejuelo"},
	"pt": {"A.", "Brancaleiro", "C.", "M.", "Pedregulho", "S."},
	"nl": {"B.", "van der Heuvelrug", "de J.", "K.", "Molenwiek", "V."},
	"ja": {"", "🍵", "@仕事中", "(本物)", "🐈"},
}

// things and manners make handles: "mossy_kettle", "kettle.mossy", "kettle42".
var things = strings.Fields(`kettle moth pebble anchor biscuit lantern walrus teapot harbour puddle socket turnip badger cobalt fjord magpie
	noodle otter parsnip quokka radish saddle tundra umbrella velcro wombat yonder zipper acorn barnacle cactus dumpling ember ferry gravel
	hammock inkpot jigsaw kelp lichen mitten nutmeg origami pancake quartz rhubarb sprocket thicket urchin vinyl willow yarn crumpet gasket
	heron isthmus juniper lobster marzipan newt oboe pixel quiver raccoon semaphore trellis vortex whisk axolotl button cinder drizzle`)

var manners = strings.Fields(`mossy quiet rusty sunny tiny grumpy late lucky plain salty brisk hazy woolly odd velvet copper gentle
	paper northern nimble sleepy spare tidy upper vivid wobbly amber blunt crisp dusty`)

var notes = map[string][]string{
	"en": {"Keeps servers and tomatoes alive.", "Own opinions, borrowed bike.", "SRE by day, baker by night. She/her.", "Teacher. Bad puns.", "Small shop, big windows.",
		"Reads logs for fun.", "Parent of two and a printer.", "Choir, chess, Kubernetes.", "Here for the cats.", "Infrastructure at a hospital. Views mine.", "Student, year 3 of 3 (again).", "Games, gardening, grumbling.", ""},
	"de": {"Admin, Oma, Bergziege.", "Macht was mit Kabeln.", "Buchhandlung am Fluss.", "Hier privat.", ""},
	"fr": {"Admin sys et fromages.", "Ici à titre perso.", "Librairie, vélo, pluie.", ""},
	"es": {"Redes y croquetas.", "Profe de instituto.", "Opiniones mías.", ""},
	"pt": {"Café e código.", "Professora, leitora, flamenguista não.", ""},
	"nl": {"Fietst en beheert servers.", "Meningen zijn van mijzelf.", ""},
	"ja": {"サーバーと猫のお世話。", "ゆるくやってます。", ""},
}

// special are the accounts that texts name with by=: the providers' own, and a
// declared bot that repeats status pages.
var special = map[string]*author{
	"nimbuscloud":     {network: "m", name: "Nimbus Cloud", handle: "nimbuscloud", host: "status.example", note: "Official notices of Nimbus Cloud.", provider: true},
	"chatterbee":      {network: "m", name: "Chatterbee", handle: "chatterbee", host: "status.example", note: "Official. Buzz.", provider: true},
	"pennywhistlepay": {network: "m", name: "Pennywhistle Pay", handle: "pennywhistlepay", host: "status.example", note: "Official account.", provider: true},
	"statuswatch":     {network: "m", name: "statuswatch", handle: "statuswatch", host: "sysadmins.example", note: "A bot that repeats status pages.", bot: true},
}

// crowd hands out authors and remembers them.
type crowd struct {
	r       *random
	pools   map[string][]*author // by network and language
	handles map[string]bool
	byName  map[string]*author
}

func newCrowd(r *random) *crowd {
	return &crowd{r: r, pools: map[string][]*author{}, handles: map[string]bool{}, byName: map[string]*author{}}
}

// of returns the author of an entry on a network: the named one, a new one for
// whatever is special about it, and otherwise, one time in five, somebody who
// has posted about the matter before and would say such a thing now.
func (c *crowd) of(e *entry, network string) *author {
	if e.by != "" || e.gone {
		return c.named(e, network)
	}
	apart := e.noIndex || e.noBot || e.unlisted || e.early
	if !apart && e.theme != "noise" && c.r.chance(0.26) {
		if a := c.again(e, network); a != nil {
			a.remember(e)
			return a
		}
	}
	a := c.invent(network, e.lang)
	if a.noIndex = e.noIndex; e.noBot {
		a.note = strings.TrimSpace(a.note + " #nobot")
	}
	if apart {
		a.posts = maxPosts
	}
	a.remember(e)
	return a
}

// maxPosts is how often one person posts at most.
const maxPosts = 6

func (a *author) remember(e *entry) {
	a.posts++
	if a.themes == nil {
		a.themes = map[string]bool{}
	}
	a.themes[e.theme] = true
	if e.stance != "neutral" {
		a.stance = e.stance
	}
}

// again finds an earlier author for the entry: people stay with their stance,
// save that some who vented about Nimbus Cloud come round.
func (c *crowd) again(e *entry, network string) *author {
	pool := c.pools[network+e.lang]
	for range min(24, 2*len(pool)) {
		a := pick(c.r, pool)
		fits := a.stance == "" || e.stance == "neutral" || a.stance == e.stance ||
			e.theme == "nimbus" && e.phase >= 4 && a.stance == "venting"
		elsewhere := len(a.themes) > 0 && !a.themes[e.theme]
		if a.posts < maxPosts && fits && (!elsewhere || c.r.chance(0.3)) {
			return a
		}
	}
	return nil
}

// named returns an account of special, or the one author who leaves.
func (c *crowd) named(e *entry, network string) *author {
	name := e.by
	if e.gone {
		name = "gone"
	}
	a := c.byName[name]
	switch {
	case a != nil:
	case e.gone:
		a = c.invent(network, e.lang)
		a.posts = maxPosts
	default:
		copied, ok := special[name]
		if !ok {
			panic(fmt.Sprintf("%s: nobody is called %s", e.where, name))
		}
		one := *copied
		a, one.lang, one.followers = &one, "en", 8000+c.r.below(9000)
		a.id = 110_000_000_000_000_000 + c.r.next()%9_000_000_000_000_000
	}
	c.byName[name] = a
	return a
}

// invent makes a new author.
func (c *crowd) invent(network, lang string) *author {
	r := c.r
	a := &author{network: network, lang: lang, handle: c.handle(network), followers: r.below(40) * r.below(60)}
	a.name = strings.TrimSpace(pick(r, firstNames[lang]) + " " + pick(r, lastNames[lang]))
	if r.chance(0.25) {
		a.name = strings.NewReplacer("_demo", "", "_", " ", ".", " ").Replace(a.handle)
	}
	switch network {
	case "m":
		a.host, a.note = pick(r, hosts), pick(r, notes[lang])
		a.id = 108_000_000_000_000_000 + r.next()%9_000_000_000_000_000
	case "x":
		a.id = 1_100_000_000_000_000_000 + r.next()%800_000_000_000_000_000
	default:
		a.id = r.next()
	}
	c.pools[network+lang] = append(c.pools[network+lang], a)
	return a
}

// handle makes one that nobody has. On X, where no server says .example, it
// ends in _demo and has 15 characters at most.
func (c *crowd) handle(network string) string {
	r := c.r
	for {
		thing, manner := pick(r, things), pick(r, manners)
		var h string
		switch r.below(4) {
		case 0:
			h = manner + "_" + thing
		case 1:
			h = fmt.Sprintf("%s%d", thing, 2+r.below(97))
		case 2:
			h = thing + manner
		default:
			h = fmt.Sprintf("%s_%s%d", thing, manner[:1], r.below(10))
		}
		if network == "x" {
			h = strings.ReplaceAll(h, "_", "")
			h = h[:min(len(h), 8)] + fmt.Sprint(r.below(90)+10) + "_demo"
		}
		if !c.handles[h] {
			c.handles[h] = true
			return h
		}
	}
}
