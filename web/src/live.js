// One WebSocket for each running subscription, with the protocol graphql-transport-ws.

/** Whether the operation that a request runs is a subscription. */
export function isSubscription(request, document) {
  const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  const asked = operations.find(({ name }) => name?.value === request.operationName) ?? operations[0];
  return asked?.operation === 'subscription';
}

/** Runs a subscription: an observable of results, as GraphiQL takes them. Unsubscribing closes the socket. */
export function follow(token, request) {
  return {
    subscribe(observer) {
      const address = new URL('../graphql', document.baseURI);
      address.protocol = address.protocol.replace('http', 'ws');
      const socket = new WebSocket(address, 'graphql-transport-ws');
      const send = (message) => socket.send(JSON.stringify(message));
      let ended = false;
      const end = (tell) => {
        if (ended) return;
        ended = true;
        socket.close(1000);
        tell();
      };
      const answers = {
        connection_ack: () => send({ id: '1', type: 'subscribe', payload: request }),
        ping: () => send({ type: 'pong' }),
        next: ({ payload }) => observer.next(payload),
        error: ({ payload }) => end(() => observer.error({ errors: payload })),
        complete: () => end(() => observer.complete()),
      };
      socket.onopen = () => send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (!ended) answers[message.type]?.(message);
      };
      socket.onclose = ({ code, reason }) =>
        end(() => observer.error({ errors: [{ message: reason || `The socket was closed with code ${code}.` }] }));
      return { unsubscribe: () => end(() => {}) };
    },
  };
}
