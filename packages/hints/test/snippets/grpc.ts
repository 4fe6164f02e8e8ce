import { credentials, makeGenericClientConstructor, type ServiceDefinition } from "@grpc/grpc-js";
import { type Classified, classifyError } from "@headgate/hints";

export async function viaGrpc(address: string, service: ServiceDefinition): Promise<Classified | null> {
  const Client = makeGenericClientConstructor(service, "Test");
  const client = new Client(address, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  try {
    await new Promise<void>((resolve, reject) => {
      client["say"]?.("Hello", (error: Error | null) => (error ? reject(error) : resolve()));
    });
    return null;
  } catch (error) {
    return classifyError(error);
  } finally {
    client.close();
  }
}
