package hugops

// Service is what the world knows of one service that people name.
type Service struct {
	Slug, Name string
	Parent     string               // slug of the service that it is a part of, or ""
	StatusURL  string               // its status page, or ""
	Handles    map[Network][]string // the provider's own accounts, without "@"
}
