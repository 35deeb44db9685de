#!/usr/bin/env bash
# Starts a one-node Apache Kafka (KRaft mode) in a folder of its own, runs the
# command given with TEST_KAFKA=host:port set, and takes all of it down again.
#   deploy/kafka-test/run.sh go test ./pipeline/...
# It needs Java 17 or later and Maven.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${KAFKA_PORT:-19092}
dir=$(mktemp -d)
pid=
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"; }
trap cleanup EXIT

mvn -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/lib"
cat > "$dir/server.properties" <<TXT
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
TXT
id=$(java -cp "$dir/lib/*" kafka.tools.StorageTool random-uuid 2>/dev/null)
java -cp "$dir/lib/*" kafka.tools.StorageTool format --standalone -t "$id" -c "$dir/server.properties" >/dev/null 2>&1
java -Xmx512m -cp "$dir/lib/*" kafka.Kafka "$dir/server.properties" >"$dir/kafka.log" 2>&1 &
pid=$!
for _ in $(seq 120); do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 "$pid" 2>/dev/null || { cat "$dir/kafka.log"; exit 1; }
  sleep 0.5
done
TEST_KAFKA=127.0.0.1:$port "$@"
