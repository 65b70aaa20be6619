/// A Lambda function as it should be: what `publish` will make it, and what every build checks beforehand.
///
/// A build that ends well must be one that Lambda takes, so its limits are known here, before anything is sent.
/// AWS Lambda Developer Guide, "Lambda quotas"; API reference, "CreateFunction".
package struct DesiredFunction: Sendable, Equatable {
    /// MB.
    package var memory: Int
    /// Seconds.
    package var timeout: Int
    /// Seconds of the timeout kept for storing output.
    package var timeoutThreshold: Int
    /// MB of /tmp.
    package var ephemeralStorage: Int
    /// ARNs.
    package var layers: [String]
    package var environment: [(name: String, value: String)]

    package init(
        memory: Int, timeout: Int, timeoutThreshold: Int, ephemeralStorage: Int, layers: [String],
        environment: [(name: String, value: String)]
    ) {
        self.memory = memory
        self.timeout = timeout
        self.timeoutThreshold = timeoutThreshold
        self.ephemeralStorage = ephemeralStorage
        self.layers = layers
        self.environment = environment
    }

    package static func == (left: DesiredFunction, right: DesiredFunction) -> Bool {
        left.memory == right.memory && left.timeout == right.timeout && left.timeoutThreshold == right.timeoutThreshold
            && left.ephemeralStorage == right.ephemeralStorage && left.layers == right.layers
            && left.environment.map { "\($0.name)=\($0.value)" } == right.environment.map { "\($0.name)=\($0.value)" }
    }

    /// Bytes that names and values of all variables may have together.
    package static let environmentLimit = 4096
    package static let layerLimit = 5

    /// Checks what is wrong with the settings together; each by itself was checked with the recipe.
    ///
    /// - Parameter name: the function's, for the message.
    package func validate(name: String) throws(PublishError) {
        guard timeoutThreshold < timeout else {
            throw PublishError(
                .settings,
                "\(name): function.timeoutThreshold (\(timeoutThreshold) s) leaves nothing of function.timeout (\(timeout) s)",
                hint: "raise the timeout, or keep less back")
        }
        guard layers.count <= Self.layerLimit
        else {
            throw PublishError(
                .settings, "\(name): Lambda takes at most \(Self.layerLimit) layers, and the recipe has \(layers.count)"
            )
        }
        let bytes = environment.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        guard bytes <= Self.environmentLimit else {
            throw PublishError(
                .settings,
                "\(name): the function's variables have \(bytes) bytes, and Lambda takes \(Self.environmentLimit)",
                hint: "put variables for the program into ‘environment’: they travel in the package")
        }
    }
}
