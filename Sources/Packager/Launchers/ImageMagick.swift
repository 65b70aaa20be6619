extension Launcher {
    /// ImageMagick takes its limits from the machine, which is the sandbox: what does not fit into its memory goes to
    /// files in /tmp.
    static let imageMagick = Launcher(
        name: "imagemagick", programs: ["magick", "convert"],
        companions: ["identify", "mogrify", "montage", "compare"],
        variables: ["MAGICK_HOME", "MAGICK_CONFIGURE_PATH"],
        sets: [
            FileSet(
                "imagemagick", "ImageMagick's coders, filters and tables",
                when: ["**/libMagickCore*.so*", "**/bin/magick"],
                [
                    "**/ImageMagick-*/**", "usr/share/ImageMagick*/**", "usr/local/etc/ImageMagick*/**",
                    "usr/share/color/icc/*",
                ])
        ])
}
