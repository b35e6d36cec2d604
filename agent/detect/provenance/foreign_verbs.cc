#include "agent/detect/provenance/foreign_verbs.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sonde::detect {

namespace {

struct Row {
  Actions actions;
  std::string_view words;
};

// German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Ukrainian, Turkish,
// Indonesian, Arabic, Hindi, Korean.
constexpr auto kWords = std::to_array<Row>({
    {kSend | kPay,
     "sende senden schicke schicken schick verschicke envoyez envoie envoyer envía envíe "
     "enviar mandar invia inviare inviate spedisci envie enviem stuur "
     "sturen verzend wyślij wysłać prześlij отправь отправьте отправить пошли вышли "
     "напиши надішли відправ gönder gönderin kirim kirimkan أرسل ارسل भेजें भेजो भेजिए "
     "보내 보내세요 보내라 보내줘 보내십시오 전송하세요 전송해"},
    {kSend,
     "leite weiterleiten mitteilen transfère transférez transférer "
     "reenvía reenvíe reenviar inoltra inoltrare inoltrate encaminhe encaminhar reencaminhe "
     "doorsturen przekaż перешли перешлите переслать перенаправь перешліть ilet teruskan أعد "
     "전달하세요 전달해"},
    {kPay | kSend,
     "überweise überweisen überweist zahle bezahle bezahlen zahlen virer virez payez paie "
     "payer versez verser transfiere transfiera transferir transfira pague pagar paga pagare "
     "trasferisci trasferire betaal betalen zapłać przelej przelać "
     "переведи переведите перевести заплати оплати переказати перекажи aktar "
     "havale öde ödeyin bayar حول حوّل ادفع 송금하세요 송금해 결제하세요 이체하세요"},
    {kSend,
     "antworte antworten beantworte beantworten réponds répondez répondre responde responder "
     "responda "
     "rispondi rispondere antwoord antwoorden odpowiedz odpisz ответь ответьте ответить відповідай "
     "yanıtla cevapla balas أجب जवाब 답장해 답장하세요"},
    {kDelete,
     "lösche löschen lösch entferne entfernen supprime supprimez supprimer efface effacez "
     "effacer borra borre borrar elimina elimine eliminar eliminare cancella "
     "cancellare exclua excluir apague apagar remova remover verwijder verwijderen "
     "usuń usunąć удали удалите удалить сотри видали видаліть silin hapus حذف احذف "
     "삭제하세요 삭제해 지워"},
    {kUpdate,
     "ändere ändern aktualisiere aktualisieren setze modifie modifiez modifier changez "
     "changer cambia cambie cambiar actualiza actualice actualizar modificare "
     "aggiorna altere alterar atualize wijzig wijzigen zmień zmienić измени измените "
     "изменить поменяй смени зміни değiştir güncelle ubah perbarui غير عدل 변경하세요 수정하세요"},
    {kCreate | kUpdate,
     "erstelle erstellen füge hinzufügen anlegen crée créez créer ajoute ajoutez "
     "ajouter crea crear añade añada añadir agrega agregue agregar creare "
     "aggiungi aggiungere criar adicione adicionar voeg toevoegen utwórz "
     "dodaj dodać создай создайте создать добавь добавьте добавить створи додай "
     "oluştur ekle buat tambahkan أضف أنشئ 추가하세요 생성하세요"},
    {kGrant | kSend | kCreate,
     "lade einladen gewähre gewähren freigeben invitez inviter accordez accorder "
     "partage partagez partager invita invitar concede conceda conceder comparte "
     "comparta compartir invitare condividi condividere convide convidar compartilhe "
     "compartilhar partilhe uitnodigen delen zaproś udostępnij пригласи "
     "пригласите поделись предоставь дай запроси поділись davet paylaş undang "
     "bagikan ادع شارك امنح 초대하세요 공유하세요"},
    {kRun,
     "führe ausführen starte installiere installieren exécute exécutez exécuter lancez "
     "installe installez ejecuta ejecute ejecutar instala instale instalar esegui eseguire "
     "installare executar voer uitvoeren installeer uruchom wykonaj zainstaluj "
     "запусти запустите выполни выполните установи запустіть виконай çalıştır yükle jalankan "
     "شغل نفذ 실행하세요 설치하세요"},
    {kUpload | kSend | kCreate,
     "hochladen veröffentliche téléverse téléversez publie publiez sube suba "
     "subir publique publicar carica caricare pubblica carregue "
     "uploaden opublikuj загрузи загрузите опубликуй "
     "завантаж yayınla unggah ارفع انشر 업로드하세요 게시하세요"},
    {kFetch,
     "öffne öffnen besuche besuchen ouvre ouvrez ouvrir visitez abre abra abrir "
     "visitar apri aprire acesse acessar bezoek otwórz odwiedź открой откройте "
     "открыть перейди перейдите відкрий перейдіть ziyaret buka kunjungi افتح 방문하세요 여세요"},
    {kPay | kCreate,
     "buche buchen reserviere reservieren bestelle bestellen kaufe kaufen "
     "réservez réserver achète achetez acheter reservar "
     "comprar prenota prenotare acquista comprare boeken "
     "zarezerwuj kup забронируй купи закажи замов rezerve satın pesan beli احجز اشتر "
     "예약하세요 구매하세요"},
    {kRead,
     "lesen zeige zeigen suche suchen fasse lis lisez cherche cherchez "
     "muestra busca buscar leggi mostra cerca leia mostre busque zoek pokaż przeczytaj "
     "найди покажи прочитай знайди oku göster cari baca ابحث اقرأ 찾아 보여줘"},
});

// Scripts without spaces between words: found wherever they stand.
constexpr auto kUnspaced = std::to_array<Row>({
    {kSend | kPay, "发送 發送 发给 發給 发到 寄给 转发 轉發 送信 送って 転送 メールして ส่ง"},
    {kPay | kSend, "转账 轉帳 汇款 匯款 支付 付款 转给 振り込 送金 支払 โอน"},
    {kDelete, "删除 刪除 移除 清空 削除 消去 ลบ"},
    {kUpdate, "修改 更改 更新 变更 変更 แก้ไข"},
    {kCreate | kUpdate, "添加 创建 建立 新增 追加 作成 สร้าง เพิ่ม"},
    {kGrant | kSend | kCreate, "邀请 邀請 分享 共享 授权 授予 招待 共有 付与 เชิญ แชร์"},
    {kRun, "运行 執行 执行 安装 実行 インストール รัน"},
    {kUpload | kSend | kCreate, "上传 上傳 发布 發布 アップロード 投稿 อัปโหลด"},
    {kFetch, "访问 訪問 打开 打開 点击 開いて アクセス เปิด"},
    {kPay | kCreate, "预订 預訂 购买 購買 預約 予約 購入 จอง ซื้อ"},
});

constexpr std::string_view kAside =
    "ignoriere ignorieren vergiss missachte ignore ignorez oublie oubliez ignora ignorad ignore "
    "olvida olvide dimentica ignorare esqueça desconsidere negeer vergeet zignoruj zapomnij "
    "игнорируй игнорируйте забудь ігноруй забудь yoksay unut abaikan lupakan تجاهل انس "
    "अनदेखा 무시하고 무시하세요 무시해";
constexpr std::string_view kOfInstructions =
    "anweisungen anweisung aufgabe befehle instructions consignes tâche instrucciones tarea "
    "indicaciones istruzioni compito instruções tarefa opdracht opdrachten instructies polecenia "
    "instrukcje zadanie инструкции инструкций указания задание задачу інструкції завдання "
    "talimatları "
    "talimatlar görevi instruksi perintah التعليمات الأوامر निर्देशों निर्देश 지시를 지시 지침을";
constexpr std::string_view kAsideUnspaced = "忽略 無視し 無视 无视 不要理会 忘记 เพิกเฉย";

using Index = std::unordered_map<std::string, Actions>;

// Calls `each` with the words of a table, folded as text is.
template <typename Each>
void for_words(std::string_view words, Each each) {
  while (!words.empty()) {
    const size_t end = words.find(' ');
    Tokens tokens;
    tokens.append(words.substr(0, end), false);
    each(std::string(tokens.joined()));
    words.remove_prefix(end == words.npos ? words.size() : end + 1);
  }
}

template <typename Rows>
Index index_of(const Rows& rows) {
  Index index;
  for (const Row& row : rows) {
    for_words(row.words, [&](std::string word) { index[std::move(word)] |= row.actions; });
  }
  return index;
}

std::unordered_set<std::string> set_of(std::string_view words) {
  std::unordered_set<std::string> set;
  for_words(words, [&](std::string word) { set.insert(std::move(word)); });
  return set;
}

bool holds_any(const Tokens& words, const std::unordered_set<std::string>& set) {
  std::string word;
  for (size_t i = 0; i < words.size(); ++i) {
    if (set.contains(word.assign(words.word(i)))) return true;
  }
  return false;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

Actions foreign_actions(const Tokens& words) {
  static const Index spaced = index_of(kWords);
  static const Index unspaced = index_of(kUnspaced);
  Actions actions = 0;
  std::string word;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool part = words.is_glued(i) || (i + 1 < words.size() && words.is_glued(i + 1));
    if (part) continue;
    const auto place = spaced.find(word.assign(words.word(i)));
    if (place != spaced.end()) actions |= place->second;
  }
  if (is_ascii(words.joined())) return actions;
  for (const auto& [verb, of_verb] : unspaced) {
    if (words.joined().find(verb) != std::string_view::npos) actions |= of_verb;
  }
  return actions;
}

bool foreign_redirects(const Tokens& words) {
  static const auto aside = set_of(kAside);
  static const auto instructions = set_of(kOfInstructions);
  static const auto unspaced = set_of(kAsideUnspaced);
  if (holds_any(words, aside) && holds_any(words, instructions)) return true;
  if (is_ascii(words.joined())) return false;
  return std::any_of(unspaced.begin(), unspaced.end(), [&](const std::string& phrase) {
    return words.joined().find(phrase) != std::string_view::npos;
  });
}

}  // namespace sonde::detect
