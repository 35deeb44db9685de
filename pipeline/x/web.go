package x

import (
	"time"

	"github.com/hugops/hugops/pipeline/wire"
)

// webTweet is a post in the shape of the web site's own API, which Zeeschuimer
// records and 4CAT imports. What lies deeper than the post itself is soft: the
// web site changes it without notice.
type webTweet struct {
	RestID string `json:"rest_id"`
	Core   wire.Soft[struct {
		User struct {
			Result webUser `json:"result"`
		} `json:"user_results"`
	}] `json:"core"`
	Legacy      wire.Soft[webLegacy] `json:"legacy"`
	EditControl wire.Soft[webEdits]  `json:"edit_control"`
}

type webUser struct {
	Legacy  webName `json:"legacy"`
	Core    webName `json:"core"` // where newer answers have the name
	Privacy struct {
		Protected bool `json:"protected"`
	} `json:"privacy"`
}

type webName struct {
	ScreenName string `json:"screen_name"`
	Protected  bool   `json:"protected"`
}

type webLegacy struct {
	UserID    string   `json:"user_id_str"`
	FullText  string   `json:"full_text"`
	CreatedAt string   `json:"created_at"`
	Lang      string   `json:"lang"`
	ReplyTo   string   `json:"in_reply_to_status_id_str"`
	Entities  entities `json:"entities"`
	Reposted  *struct {
	} `json:"retweeted_status_result"`
}

// webEdits lists the versions, the first one first; an edited version has them
// one level deeper.
type webEdits struct {
	IDs     []string `json:"edit_tweet_ids"`
	Initial struct {
		IDs []string `json:"edit_tweet_ids"`
	} `json:"edit_control_initial"`
}

// webNote is where the web site keeps the whole text of a long post.
type webNote struct {
	Results wire.Soft[struct {
		Result struct {
			Text     string   `json:"text"`
			Entities entities `json:"entity_set"`
		} `json:"result"`
	}] `json:"note_tweet_results"`
}

// fromWeb fills in the members of API v2 where the post has the web site's.
func (t *tweet) fromWeb() {
	if t.RestID == "" {
		return
	}
	old, writer := t.Legacy.V, t.Core.V.User.Result
	t.ID, t.AuthorID, t.Text, t.Lang, t.Entities = t.RestID, old.UserID, old.FullText, old.Lang, old.Entities
	if at, err := time.Parse(time.RubyDate, old.CreatedAt); err == nil {
		t.CreatedAt = at.Format(time.RFC3339)
	}
	t.History = t.EditControl.V.IDs
	if len(t.History) == 0 {
		t.History = t.EditControl.V.Initial.IDs
	}
	note := t.NoteTweet.Results.V.Result
	t.NoteTweet.Text, t.NoteTweet.Entities = note.Text, note.Entities
	if old.Reposted != nil {
		t.Referenced = append(t.Referenced, refTweet{Type: "retweeted"})
	}
	if old.ReplyTo != "" {
		t.Referenced = append(t.Referenced, refTweet{Type: "replied_to", ID: old.ReplyTo})
	}
	t.AuthorUser.V = user{ID: old.UserID, Username: writer.Legacy.ScreenName,
		Protected: writer.Legacy.Protected || writer.Privacy.Protected}
	if t.AuthorUser.V.Username == "" {
		t.AuthorUser.V.Username = writer.Core.ScreenName
	}
}
