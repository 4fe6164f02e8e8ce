import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Classified, classifyError } from "@headgate/hints";

export async function viaAws(url: string): Promise<Classified | null> {
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const client = new SQSClient({ region: "eu-west-1", endpoint: url, credentials, maxAttempts: 1 });
  try {
    await client.send(new SendMessageCommand({ QueueUrl: `${url}/1/queue`, MessageBody: "Hello" }));
    return null;
  } catch (error) {
    return classifyError(error);
  } finally {
    client.destroy();
  }
}
