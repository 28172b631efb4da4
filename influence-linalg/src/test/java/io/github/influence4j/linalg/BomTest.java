package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The bom has no parent, so a test holds its versions and those this library is built and tested with together. */
class BomTest {

    private static final Pattern PROPERTY = Pattern.compile("\\$\\{(?!project\\.)([^}]+)}");

    @Test
    void managesTheVersionsOfTheParent() throws Exception {
        Document bom = parse("../influence-bom/pom.xml");
        Document parent = parse("../pom.xml");
        assertEquals(text(parent, "/project/version"), text(bom, "/project/version"));
        Map<String, String> ours = managed(parent);
        Map<String, String> users = managed(bom);
        int compared = 0;
        for (Map.Entry<String, String> version : users.entrySet()) {
            String expected = ours.getOrDefault(version.getKey(), version.getValue());
            assertEquals(expected, version.getValue(), version.getKey());
            compared += ours.containsKey(version.getKey()) ? 1 : 0;
        }
        assertTrue(compared > 15, "compared only " + compared);
        for (String name : new String[] {
            "api", "safetensors", "linalg", "openblas", "nd4j", "cuda", "ekfac", "store", "baselines", "testkit"
        }) {
            assertTrue(users.containsKey("io.github.influence4j:influence-" + name + ":"), name);
        }
        assertFalse(users.containsKey("io.github.influence4j:influence-models:"), "not published");
        assertFalse(users.containsKey("org.junit:junit-bom:"), "nothing that only our tests need");
    }

    private static Map<String, String> managed(Document pom) throws Exception {
        Map<String, String> versions = new TreeMap<>();
        NodeList dependencies = (NodeList) XPathFactory.newInstance()
                .newXPath()
                .evaluate("/project/dependencyManagement/dependencies/dependency", pom, XPathConstants.NODESET);
        for (int i = 1; i <= dependencies.getLength(); i++) {
            String path = "/project/dependencyManagement/dependencies/dependency[" + i + "]/";
            String classifier = text(pom, path + "classifier").replace("${native.classifier}", "linux-x86_64");
            String key = text(pom, path + "groupId") + ":" + text(pom, path + "artifactId") + ":" + classifier;
            versions.put(key, resolved(pom, text(pom, path + "version")));
        }
        return versions;
    }

    /** Puts the properties in, of which a version may be made of several. */
    private static String resolved(Document pom, String version) throws Exception {
        Matcher property = PROPERTY.matcher(version);
        StringBuilder result = new StringBuilder();
        while (property.find()) {
            property.appendReplacement(
                    result, Matcher.quoteReplacement(text(pom, "/project/properties/" + property.group(1))));
        }
        return property.appendTail(result).toString();
    }

    private static String text(Document pom, String path) throws Exception {
        return XPathFactory.newInstance().newXPath().evaluate(path, pom);
    }

    private static Document parse(String file) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of(file).toFile());
    }
}
