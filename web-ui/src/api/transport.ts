import { createGrpcWebTransport } from '@connectrpc/connect-web';

/** gRPC-web to the server that this page came from. */
export const transport = createGrpcWebTransport({ baseUrl: window.location.origin });
