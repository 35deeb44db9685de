package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
)

// EnsureTopics creates the topics that are missing and returns when every
// partition has a leader. Topics that exist are left as they are.
func EnsureTopics(ctx context.Context, brokers []string) error {
	a := newAdmin(brokers)
	defer a.close()
	return a.ensureTopics(ctx)
}

// Lag is how many messages of TopicPosts the workers have not committed yet; 0
// means that everything is committed. Where a partition has no committed offset,
// all of it counts.
func Lag(ctx context.Context, brokers []string) (int64, error) {
	a := newAdmin(brokers)
	defer a.close()
	return a.lag(ctx)
}

// WaitIdle returns when Lag is 0, or with ctx.Err().
func WaitIdle(ctx context.Context, brokers []string) error {
	a := newAdmin(brokers)
	defer a.close()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		lag, err := a.lag(ctx)
		if err == nil && lag == 0 {
			return nil
		}
		if err != nil {
			a.close() // connections to a broker that was restarted are dead
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("wait until everything is committed: %w (last answer: %w)", ctx.Err(), err)
			}
			return fmt.Errorf("wait until everything is committed: %w (%d messages left)", ctx.Err(), lag)
		}
	}
}

// admin asks the brokers about topics and offsets.
type admin struct {
	client    *kafka.Client
	transport *kafka.Transport
}

func newAdmin(brokers []string) *admin {
	t := &kafka.Transport{ClientID: "hugops", DialTimeout: 5 * time.Second, MetadataTTL: time.Second}
	return &admin{
		client:    &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: 10 * time.Second, Transport: t},
		transport: t,
	}
}

// close drops the connections; what is asked later opens new ones.
func (a *admin) close() { a.transport.CloseIdleConnections() }

func (a *admin) ensureTopics(ctx context.Context) error {
	wanted := []kafka.TopicConfig{topicConfig(TopicPosts, postPartitions), topicConfig(TopicDeadLetters, 1)}
	res, err := a.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: wanted})
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for topic, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s (create it by hand if the cluster forbids it): %w", topic, err)
		}
	}
	pause := backoff{min: 10 * time.Millisecond, max: time.Second}
	for {
		err := a.leaders(ctx, TopicPosts, TopicDeadLetters)
		if err == nil {
			return nil
		}
		if pause.wait(ctx) != nil {
			return fmt.Errorf("wait for new topics: %w (%w)", ctx.Err(), err)
		}
	}
}

// topicConfig asks for the cluster's own replication factor.
func topicConfig(topic string, partitions int) kafka.TopicConfig {
	return kafka.TopicConfig{
		Topic: topic, NumPartitions: partitions, ReplicationFactor: -1,
		ConfigEntries: []kafka.ConfigEntry{{
			ConfigName: "retention.ms", ConfigValue: strconv.FormatInt(retention.Milliseconds(), 10),
		}},
	}
}

// leaders returns an error unless every partition of the topics has a leader.
func (a *admin) leaders(ctx context.Context, topics ...string) error {
	for _, topic := range topics {
		partitions, err := a.partitions(ctx, topic)
		if err != nil {
			return err
		}
		if len(partitions) == 0 {
			return fmt.Errorf("topic %s: %w", topic, kafka.UnknownTopicOrPartition)
		}
	}
	return nil
}

// partitions lists the partitions of a topic; none when there is no such topic.
func (a *admin) partitions(ctx context.Context, topic string) ([]int, error) {
	res, err := a.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("ask for topic %s: %w", topic, err)
	}
	var ids []int
	for _, t := range res.Topics {
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			return nil, nil
		}
		if t.Error != nil {
			return nil, fmt.Errorf("ask for topic %s: %w", topic, t.Error)
		}
		for _, p := range t.Partitions {
			if p.Error != nil {
				return nil, fmt.Errorf("partition %d of %s: %w", p.ID, topic, p.Error)
			}
			ids = append(ids, p.ID)
		}
	}
	return ids, nil
}

func (a *admin) lag(ctx context.Context) (int64, error) {
	ids, err := a.partitions(ctx, TopicPosts)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	// Committed first: what comes in between only makes the lag larger.
	committed, err := a.committed(ctx, ids)
	if err != nil {
		return 0, err
	}
	asked := make([]kafka.OffsetRequest, 0, 2*len(ids))
	for _, id := range ids {
		asked = append(asked, kafka.FirstOffsetOf(id), kafka.LastOffsetOf(id))
	}
	ends, err := a.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{TopicPosts: asked},
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the ends of %s: %w", TopicPosts, err)
	}
	var lag int64
	for _, p := range ends.Topics[TopicPosts] {
		if p.Error != nil {
			return 0, fmt.Errorf("ask for the end of %s, partition %d: %w", TopicPosts, p.Partition, p.Error)
		}
		lag += max(0, p.LastOffset-max(committed[p.Partition], p.FirstOffset))
	}
	return lag, nil
}

// committed gives the group's offset of each partition, -1 where there is none.
func (a *admin) committed(ctx context.Context, ids []int) (map[int]int64, error) {
	res, err := a.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{
		GroupID: Group, Topics: map[string][]int{TopicPosts: ids},
	})
	if err == nil {
		err = res.Error
	}
	offsets := make(map[int]int64, len(ids))
	if errors.Is(err, kafka.GroupIdNotFound) { // no worker was ever there
		for _, id := range ids {
			offsets[id] = -1
		}
		return offsets, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the offsets of %s: %w", Group, err)
	}
	for _, p := range res.Topics[TopicPosts] {
		if p.Error != nil {
			return nil, fmt.Errorf("ask for the offset of %s, partition %d: %w", Group, p.Partition, p.Error)
		}
		offsets[p.Partition] = p.CommittedOffset
	}
	return offsets, nil
}

// ensureTopics tries until the topics are there or ctx is done.
func ensureTopics(ctx context.Context, brokers []string, pause backoff, log *slog.Logger) error {
	a := newAdmin(brokers)
	defer a.close()
	for {
		attempt, cancel := context.WithTimeout(ctx, 15*time.Second)
		err := a.ensureTopics(attempt)
		cancel()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		log.Warn("kafka is not ready, will try again", "brokers", brokers, "err", err)
		a.close()
		if err := pause.wait(ctx); err != nil {
			return err
		}
	}
}
