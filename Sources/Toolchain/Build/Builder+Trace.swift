internal import ByteKit
internal import ImageModel
internal import Recipe

extension Builder {
    /// The recipe with what its tests open, where its profile asks for that: out of its lock, or else by running them.
    ///
    /// A lock must have it: what is built from a lock is built from nothing else.
    func traced(_ recipe: Recipe, _ image: ResolvedImage, _ lock: Lockfile?, of file: RecipeFile) throws -> Recipe {
        guard recipe.prune.profile == .traced else { return recipe }
        var traced = recipe
        if let lock {
            let path = lockPath(of: file)
            traced.prune.trace = try lock.function(for: recipe, lockPath: path).trace
            guard traced.prune.trace != nil else {
                throw ToolError(
                    "no-trace", "\(path) does not say what the tests of ‘\(recipe.name)’ opened",
                    hint: "run ‘scar-build lock \(file.path)’, which runs them")
            }
        } else {
            traced.prune.trace = try trace(recipe, image)
        }
        return traced
    }

    /// Runs a recipe's tests on its image with nothing but `safe` pruned, and notes which of its files are opened; and then on
    /// those alone, until nothing is missed.
    func trace(_ recipe: Recipe, _ image: ResolvedImage) throws -> [Recipe.Trace] {
        guard !recipe.tests.isEmpty else {
            throw ToolError(
                "no-tests", "the profile ‘traced’ keeps what the tests of ‘\(recipe.name)’ open, and it has none",
                hint: "write ‘tests’ into the recipe, or take the profile ‘closure’")
        }
        let cage = try cageForTests(of: recipe)
        var whole = recipe
        whole.prune.profile = .safe
        (whole.budget.unpacked, whole.budget.artifact, whole.budget.package) = (nil, nil, nil)
        // As the root, an image may be as large as it likes; without a cage it cannot be the root.
        let form: PackageForm = cage == .none || recipe.asRoot ? .tree : .image
        return try RunFolder.with { folder in
            let package = try stage(whole, image, [form], in: folder, cage: cage)
            let test = RecipeTest(whole, package: package, in: folder, cage: cage)
            let watch = try OpenWatch(package.imageFolder ?? folder)
            var traces: [Recipe.Trace] = []
            try test.run { result in
                guard result.isPassed else {
                    throw ToolError(
                        "test-failed",
                        "the test ‘\(result.test)’ fails before anything is pruned: "
                            + result.problems.joined(separator: "; "),
                        hint: "run ‘scar-build test’ with the profile ‘safe’", exitCode: .functionFailed)
                }
                let opened = try watch.take()
                progress(.traced(result.test, files: opened.count))
                traces.append(Recipe.Trace(test: result.test, opened: opened))
            }
            guard let root = package.imageFolder else { return traces }
            return try complete(traces, whole, image, files: RootFolder(root), cage)
        }
    }

    /// A file whose program asks only whether it is there is not opened, and nobody sees that. So the tests run on what they
    /// opened, where the path library notes what is looked for in vain; what was there is added, until nothing is.
    ///
    /// - Parameter files: the image's, unpruned.
    private func complete(
        _ traces: [Recipe.Trace], _ whole: Recipe, _ image: ResolvedImage, files: borrowing RootFolder, _ cage: Cage
    ) throws -> [Recipe.Trace] {
        var pruned = whole
        pruned.prune.profile = .traced
        pruned.prune.trace = traces
        for _ in 0..<Self.mostRounds {
            let results = try test(pruned, image, cage)
            let completed = Self.add(results.map(\.missed), to: pruned.prune.trace ?? [], files: files)
            guard completed != pruned.prune.trace else {
                if let failed = results.first(where: { !$0.isPassed }) { throw Self.failure(failed) }
                break
            }
            pruned.prune.trace = completed
            for trace in completed { progress(.traced(trace.test, files: trace.opened.count)) }
        }
        return pruned.prune.trace ?? traces
    }

    /// What is found missing may lead to more; but each round runs all tests.
    private static var mostRounds: Int { 8 }

    private func test(_ recipe: Recipe, _ image: ResolvedImage, _ cage: Cage) throws -> [RecipeTest.Result] {
        // An image that is the root has no path library, and comes last: nothing is missed there.
        let forms: [PackageForm] = cage == .none ? [.tree, .squashfs] : [.tree, .squashfs, .image]
        return try RunFolder.with { folder in
            let package = try stage(recipe, image, forms, in: folder, cage: cage)
            var results: [RecipeTest.Result] = []
            try RecipeTest(recipe, package: package, in: folder, cage: cage).run { results.append($0) }
            return results
        }
    }

    private static func add(
        _ missed: [[MissedFiles.File]], to traces: [Recipe.Trace], files: borrowing RootFolder
    ) -> [Recipe.Trace] {
        var completed = traces
        for (index, missed) in missed.enumerated() where index < traces.count {
            var opened = Set(traces[index].opened)
            for file in missed {
                if let path = files.file(at: Array(file.path.utf8)) { opened.insert(path) }
            }
            completed[index].opened = opened.sorted { $0.lexicographicallyPrecedes($1) }
        }
        return completed
    }

    private static func failure(_ result: RecipeTest.Result) -> ToolError {
        ToolError(
            "test-failed",
            "the test ‘\(result.test)’ fails on the files that it opened: " + result.problems.joined(separator: "; "),
            hint: "name what it needs besides in ‘prune.keep’, or take the profile ‘closure’", exitCode: .functionFailed
        )
    }

    /// What tests run in while they are traced. They run the image's programs, which a build is not trusted to do outside of a
    /// cage unless somebody asks for it.
    private func cageForTests(of recipe: Recipe) throws -> Cage {
        if options.tracesUncaged { return .none }
        let (cage, lack) = Cage.find()
        guard let lack else { return cage }
        throw ToolError(
            "needs-cage",
            "the tests of ‘\(recipe.name)’ are to be traced, which runs the image's programs, and there is no cage for them: "
                + lack,
            hint: "run ‘scar-build lock’ where there is one, or have them run as you with --no-cage")
    }

    /// What the lock is to hold of a recipe's tests: nil where its profile does not ask, and of ‘fit’ where they cannot be
    /// traced.
    func traceForLock(_ recipe: Recipe, _ image: ResolvedImage) throws -> [Recipe.Trace]? {
        switch recipe.prune.profile {
        case .traced: return try trace(recipe, image)
        case .fit where !recipe.tests.isEmpty:
            do {
                return try trace(recipe, image)
            } catch let error as ToolError where error.isAboutCage {
                progress(.warning("‘fit’ will not try ‘traced’: \(error.diagnostic.message)"))
                return nil
            }
        default: return nil
        }
    }
}

extension ToolError {
    /// Whether there was no cage to run something in.
    var isAboutCage: Bool { diagnostic.code == "needs-cage" }
}
