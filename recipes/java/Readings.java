import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a meter has counted, by month and by local time.
 *
 * <p>In: $INPUT_FILE_PATH, a CSV file of TIME,AMOUNT with times such as 2024-03-31T23:30:00Z.
 * Out: $TMP_OUTPUT_DIR/months.csv, with the sum, the number of readings and the largest reading of each month.
 * TIME_ZONE (default Europe/Madrid) may be set in the recipe: it says when a month begins.
 */
public final class Readings {
    private static final class Month {
        private BigDecimal sum = BigDecimal.ZERO;
        private BigDecimal most = BigDecimal.ZERO;
        private int count;

        void add(BigDecimal amount) {
            sum = sum.add(amount);
            most = most.max(amount);
            count++;
        }
    }

    public static void main(String[] arguments) throws IOException {
        Path input = Path.of(variable("INPUT_FILE_PATH", "this function wants a CSV file, uploaded to it"));
        Path output = Path.of(variable("TMP_OUTPUT_DIR", "it names the folder that is uploaded"));
        ZoneId zone = ZoneId.of(System.getenv().getOrDefault("TIME_ZONE", "Europe/Madrid"));

        Map<YearMonth, Month> months = new TreeMap<>();
        int number = 0;
        for (String line : Files.readAllLines(input, StandardCharsets.UTF_8)) {
            number++;
            if (!line.isBlank()) add(line, number, zone, months);
        }
        if (months.isEmpty()) stop(input.getFileName() + " has no reading in it");

        List<String> rows = new ArrayList<>(List.of("month,sum,readings,largest"));
        months.forEach((name, month) -> rows.add(
            name + "," + rounded(month.sum) + "," + month.count + "," + rounded(month.most)));
        Files.write(output.resolve("months.csv"), rows, StandardCharsets.UTF_8);
        System.out.println(months.size() + " months in " + zone);
    }

    private static void add(String line, int number, ZoneId zone, Map<YearMonth, Month> months) {
        String[] fields = line.strip().split(",", -1);
        if (fields.length != 2) stop("line " + number + " is not TIME,AMOUNT: " + line);
        try {
            YearMonth name = YearMonth.from(OffsetDateTime.parse(fields[0].strip()).atZoneSameInstant(zone));
            months.computeIfAbsent(name, unused -> new Month()).add(new BigDecimal(fields[1].strip()));
        } catch (DateTimeParseException | NumberFormatException error) {
            stop("line " + number + ": " + error.getMessage());
        }
    }

    private static BigDecimal rounded(BigDecimal amount) {
        return amount.setScale(2, RoundingMode.HALF_EVEN);
    }

    private static String variable(String name, String meaning) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) stop(name + " is not set: " + meaning);
        return value;
    }

    private static void stop(String message) {
        System.err.println(message);
        System.exit(1);
    }
}
