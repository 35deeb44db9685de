package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	masto "github.com/mattn/go-mastodon"
)

// Check tries the token: the home timeline is open to a user token with
// read:statuses and to no other. The error says what to do.
func Check(ctx context.Context, cfg Config) error {
	s := New(cfg)
	if s.err != nil {
		return s.err
	}
	if s.cfg.Token == "" {
		return fmt.Errorf("%s: no token: %s", s.host, tokenHelp)
	}
	client := masto.NewClient(&masto.Config{Server: s.cfg.Server, AccessToken: s.cfg.Token})
	client.Client = http.Client{Transport: s.base, CheckRedirect: refuseRedirect}
	_, err := client.GetTimelineHome(ctx, &masto.Pagination{Limit: 1})
	if err == nil {
		return nil
	}
	var api *masto.APIError
	if errors.As(err, &api) {
		switch api.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
			return fmt.Errorf("%s refused the token (%d): %s", s.host, api.StatusCode, tokenHelp)
		}
		return fmt.Errorf("%s answered %d; try again later", s.host, api.StatusCode)
	}
	return errors.New(s.redact(fmt.Sprintf("cannot reach %s: %v", s.host, err)))
}
