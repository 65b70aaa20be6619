internal import ByteKit
internal import Recipe
internal import Report

extension Builder {
    /// The recipe's variables stand in the package in clear, for everybody who can read it.
    func warnOfSecrets(in recipe: Recipe) {
        for variable in recipe.environment where isSuspicious(variable) {
            progress(
                .warning(
                    "‘\(variable.name)’ in ‘environment’ looks like a secret, and everybody who can read the package of "
                        + "‘\(recipe.name)’ can read it: leave it out, and let the program fetch it with the rights of the "
                        + "function's role, or put it into ‘function.environment’"))
        }
    }

    /// A report had rather hide too much. Here a number, a switch or a word is no secret, whatever it is called.
    private func isSuspicious(_ variable: Recipe.Variable) -> Bool {
        let isPlain = variable.value.count < 7 || variable.value.allSatisfy(\.isNumber)
        return !isPlain && Redaction.variable("\(variable.name)=\(variable.value)").contains(Redaction.mark)
    }
}
