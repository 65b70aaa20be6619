internal import Packager
internal import Recipe

/// The variables that a function of the runtime `provided.al2023` finds. AWS Lambda Developer Guide, "Defined runtime
/// environment variables".
enum LambdaVariables {
    /// - Parameters:
    ///   - package: where the function finds its package.
    ///   - api: the Runtime API's address.
    ///   - image: the variables of a container image, which then take the place of the runtime's own.
    static func of(
        _ recipe: Recipe, package: String, api: String, image: [String]? = nil
    ) -> [(name: String, value: String)] {
        let region = recipe.function.region ?? "us-east-1"
        let runtime = "/var/runtime"
        let base = image.map { $0.compactMap(PackageInput.variable) } ?? ownVariables(package, runtime)
        return base + recipe.function.environment.map { ($0.name, $0.value) } + [
            ("AWS_LAMBDA_RUNTIME_API", api), ("LAMBDA_TASK_ROOT", package), ("LAMBDA_RUNTIME_DIR", runtime),
            ("_HANDLER", "bootstrap"), ("AWS_REGION", region), ("AWS_DEFAULT_REGION", region),
            ("AWS_LAMBDA_FUNCTION_NAME", recipe.name), ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "\(recipe.function.memory)"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/\(recipe.name)"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "1970/01/01/[$LATEST]" + String(repeating: "0", count: 32)),
            ("TZ", ":UTC"),
        ]
    }

    /// What the runtime says to its own programs.
    private static func ownVariables(_ package: String, _ runtime: String) -> [(name: String, value: String)] {
        [
            ("LANG", "en_US.UTF-8"), ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            (
                "LD_LIBRARY_PATH",
                "/lib64:/usr/lib64:\(runtime):\(runtime)/lib:\(package):\(package)/lib:/opt/lib"
            ),
        ]
    }
}
