// Trystero's WebSocket relay strategy, which is not on npm, on the topic strategy of its core.
import { createRelayManager, createTopicStrategy, getRelays, makeSocket } from '@trystero-p2p/core';

const relays = createRelayManager((client) => client.socket);
const handlersOf = new WeakMap(); // client → topic → Set of handlers

function connect(url) {
  const topics = new Map();
  const client = makeSocket(
    url,
    (data) => {
      const { topic, payload } = JSON.parse(data);
      topics.get(topic)?.forEach((handler) => handler(topic, payload));
    },
    () => topics.forEach((_, topic) => client.send(JSON.stringify({ type: 'subscribe', topic }))),
  );
  handlersOf.set(client, topics);
  return client;
}

export const joinRoom = createTopicStrategy({
  init: (config) =>
    getRelays(config, [], 5).map((url) => relays.register(url, () => connect(url)).ready),
  subscribeTopic: (client, topic, onMessage) => {
    const topics = handlersOf.get(client);
    if (!topics.has(topic)) topics.set(topic, new Set());
    topics.get(topic).add(onMessage);
    client.send(JSON.stringify({ type: 'subscribe', topic }));
    return () => {
      topics.get(topic)?.delete(onMessage);
      if (topics.get(topic)?.size) return;
      topics.delete(topic);
      client.send(JSON.stringify({ type: 'unsubscribe', topic }));
    };
  },
  publishTopic: (client, topic, payload) =>
    client.send(JSON.stringify({ type: 'publish', topic, payload })),
});
