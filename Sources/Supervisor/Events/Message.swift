#if !hasFeature(Embedded)
    internal import JSON
#endif

/// A message of an SQS queue or an SNS topic.
package struct Message: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// It tells of objects in a storage.
        case objects([ObjectRecord])
        /// Anything else: the text is the input.
        case text([UInt8])
        /// It says that it tells of objects and does not: this message alone has failed.
        case malformed(Failure)
    }

    /// What a queue knows it by; empty for a topic's.
    package var identifier: [UInt8]
    /// Whether those after it must wait for it: the queue keeps an order.
    package var isOrdered: Bool
    package var content: Content
    /// The event as if this had been its only message; nil when it is.
    package var event: [UInt8]?

    package init(identifier: [UInt8], isOrdered: Bool = false, content: Content, event: [UInt8]? = nil) {
        self.identifier = identifier
        self.isOrdered = isOrdered
        self.content = content
        self.event = event
    }
}

extension Event {
    /// The messages of a queue's or a topic's event; nil for another event. AWS Lambda Developer Guide, "Using Lambda
    /// with Amazon SQS" and "Invoking Lambda functions with Amazon SNS notifications".
    static func messages(_ json: JSON, _ inputs: [LaunchSpec.Channel]) throws(Failure) -> [Message]? {
        guard let records = json["Records"]?.array, let first = records.first, isQueued(first) || isNotified(first)
        else { return nil }
        var messages: [Message] = []
        for record in records {
            var message: Message
            if isQueued(record), let body = record["body"]?.utf8, let identifier = record["messageId"]?.utf8 {
                message = Message(identifier: identifier, content: content(body, inputs))
                message.isOrdered = record["attributes"]?["MessageGroupId"]?.utf8 != nil
            } else if isNotified(record), let text = record["Sns"]?["Message"]?.utf8 {
                message = Message(identifier: [], content: content(text, inputs))
            } else {
                throw Failure("Event.Malformed", [UInt8]("a record of the event is no message, or has no text or id"))
            }
            if records.count > 1 { message.event = JSON.object([("Records", .array([record]))]).text() }
            messages.append(message)
        }
        return messages
    }

    private static func isQueued(_ record: JSON) -> Bool { record["eventSource"]?.utf8?.isEqual(to: "aws:sqs") == true }
    private static func isNotified(_ record: JSON) -> Bool {
        record["EventSource"]?.utf8?.isEqual(to: "aws:sns") == true
    }

    /// A message's text is a storage's event, or a topic's envelope around one, or anything else.
    private static func content(_ text: [UInt8], _ inputs: [LaunchSpec.Channel]) -> Message.Content {
        do throws(Failure) { return try read(text, inputs) } catch { return .malformed(error) }
    }

    private static func read(_ text: [UInt8], _ inputs: [LaunchSpec.Channel]) throws(Failure) -> Message.Content {
        guard let json = parse(text), json.members != nil else { return .text(text) }
        if let objects = try storage(json, inputs) { return .objects(objects) }
        // A queue that a topic feeds gets the topic's envelope, unless it asks for raw delivery.
        guard json["Type"]?.utf8?.isEqual(to: "Notification") == true, json["TopicArn"]?.utf8 != nil,
            let inner = json["Message"]?.utf8
        else { return .text(text) }
        guard let json = parse(inner), json.members != nil, let objects = try storage(json, inputs)
        else { return .text(inner) }
        return .objects(objects)
    }
}
